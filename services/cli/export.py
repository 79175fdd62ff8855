"""Export owns `patronage export`: every customer with its purchase figures as CSV, or those one may contact."""

import csv
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from google.type.money_pb2 import Money

from patronage.analytics.v1 import metrics_service_pb2, overview_pb2
from patronage.customers.v1 import company_service_pb2, contact_permission_pb2, customer_pb2
from services.cli.client import connected
from services.cli.context import ContextOption, read_context
from services.cli.dedupe_output import refuse_unwritable, written
from services.cli.engine_options import refuse_useless
from services.cli.failures import BadInputFailure
from services.cli.shown import output, table
from services.client.money import to_decimal

HEAD = (
    "customer_id", "name", "email", "phone", "customer_type", "total_purchases", "total_spent", "total_items_bought",
    "first_purchase_time", "last_purchase_time", "days_since_last_purchase", "repeat_frequency", "loyalty_tier",
    "contact_allowed", "contact_rule",
)  # fmt: skip


class Channel(StrEnum):
    """By which way they are to be contacted."""

    SMS = "sms"
    EMAIL = "email"
    CALL = "call"
    POST = "post"


class Purpose(StrEnum):
    """What for."""

    OFFERS = "offers"
    LOYALTY = "loyalty"
    TRANSACTIONAL = "transactional"
    LEGAL_NOTICE = "legal_notice"


def export(
    output_file: Annotated[Path, typer.Option("--output", "-o", help="Where the customers go, as CSV.")],
    channel: Annotated[Channel | None, typer.Option(help="Only those who may be contacted by it.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="What they are contacted for.")] = None,
    include_denied: Annotated[bool, typer.Option(help="Also those who may not; the file says who.")] = False,
    context: ContextOption = None,
) -> None:
    """Write the customers with what they bought; with a channel and a purpose, those one may contact so."""
    if (channel is None) != (purpose is None):
        raise BadInputFailure("--channel and --purpose belong together")
    if channel is None:
        refuse_useless({"--include-denied": include_denied}, "nobody is denied without --channel and --purpose")
    refuse_unwritable(output_file)
    request = overview_pb2.ExportMetricsRequest(include_denied=include_denied)
    if channel is not None and purpose is not None:
        request.channel = contact_permission_pb2.ContactChannel.Value(f"CONTACT_CHANNEL_{channel.name}")
        request.purpose = contact_permission_pb2.ContactPurpose.Value(f"CONTACT_PURPOSE_{purpose.name}")
    counts = {"written": 0, "left out": 0}
    with connected(read_context(context)) as client, written(output_file) as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        request.at_least_as_fresh = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
        for answer in client.overviews.ExportMetrics(request, timeout=None):
            writer.writerows(_rows(answer.customers))
            counts["written"] += len(answer.customers)
            counts["left out"] += answer.denied
    output().print(table(f"written to {output_file}", ("customers", "count"), list(counts.items())))


def _rows(customers: Sequence[overview_pb2.ExportedCustomer]) -> Iterator[Sequence[object]]:
    for one in customers:
        yield _row(one, one.metrics)


def _row(one: overview_pb2.ExportedCustomer, metrics: metrics_service_pb2.CustomerMetrics) -> Sequence[object]:
    asked = one.HasField("permission")
    bought = metrics.HasField("last_purchase_time")
    return (
        metrics.customer_id,
        metrics.name,
        metrics.email,
        metrics.phone,
        _word(customer_pb2.CustomerType.Name(metrics.customer_type), "CUSTOMER_TYPE_"),
        metrics.total_purchases,
        "; ".join(_amount(one.total_spent) for one in metrics.totals),
        metrics.total_items_bought.value,
        metrics.first_purchase_time.ToJsonString() if bought else "",
        metrics.last_purchase_time.ToJsonString() if bought else "",
        metrics.days_since_last_purchase if metrics.HasField("days_since_last_purchase") else "",
        _word(metrics_service_pb2.RepeatFrequency.Name(metrics.repeat_frequency), "REPEAT_FREQUENCY_"),
        metrics.loyalty_tier,
        ("yes" if one.permission.allowed else "no") if asked else "",
        _word(contact_permission_pb2.ContactRule.Name(one.permission.rule), "CONTACT_RULE_") if asked else "",
    )


def _amount(money: Money) -> str:
    """An amount such as `2500.50 KES`: two decimals, and more where the currency has more."""
    whole, _, fraction = f"{to_decimal(money):f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2} {money.currency_code}"


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()
