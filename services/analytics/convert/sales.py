"""Sales: messages to values and back."""

from collections.abc import Iterable

from patronage.analytics.v1 import sales_service_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.analytics.convert.money import decimal, money, money_input
from services.analytics.convert.times import instant_input, timestamp
from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.refund_rules import RefundInput
from services.analytics.domain.sale_rules import CustomerInput, LineInput, SaleInput
from services.analytics.domain.sales import ExternalReference, NewSale, Refund, Sale, SaleLine, SaleStatus
from services.runtime.failures import FieldCheck

_STATUSES = {pb.SaleStatus.Value(f"SALE_STATUS_{status}"): status for status in SaleStatus}


def customer_input(message: pb.RecordSaleRequest | pb.SaleEntry) -> CustomerInput:
    """The customer of a sale as a request says it."""
    if not message.HasField("external_customer_id"):
        return CustomerInput(message.customer_id)
    given = message.external_customer_id
    return CustomerInput(message.customer_id, ExternalReference(given.system, given.external_id))


def sale_input(message: pb.RecordSaleRequest | pb.SaleEntry) -> SaleInput | None:
    """The sale as a request says it; None where it says none."""
    if not message.HasField("sale"):
        return None
    sale = message.sale
    return SaleInput(
        sale_id=sale.sale_id,
        total=money_input(sale.total_amount) if sale.HasField("total_amount") else None,
        lines=[_line_input(line) for line in sale.lines],
        payment_method=sale.payment_method,
        sale_time=instant_input(sale.sale_time) if sale.HasField("sale_time") else None,
    )


def _line_input(line: pb.SaleLine) -> LineInput:
    return LineInput(
        product=line.product,
        quantity=line.quantity.value if line.HasField("quantity") else None,
        amount=money_input(line.amount) if line.HasField("amount") else None,
    )


def refund_input(request: pb.RefundSaleRequest) -> RefundInput | None:
    """The refund as a request says it; None where it says none."""
    if not request.HasField("refund"):
        return None
    refund = request.refund
    return RefundInput(
        refund_id=refund.refund_id,
        amount=money_input(refund.amount) if refund.HasField("amount") else None,
        quantity=refund.quantity.value if refund.HasField("quantity") else None,
        reason=refund.reason,
        refund_time=instant_input(refund.refund_time) if refund.HasField("refund_time") else None,
    )


def statuses(given: Iterable[pb.SaleStatus.ValueType], check: FieldCheck) -> tuple[SaleStatus, ...]:
    """The statuses that are asked for; one that is not known is noted."""
    known: set[SaleStatus] = set()
    for at, value in enumerate(given):
        if check.require(value in _STATUSES, f"statuses[{at}]", "must be a status of a sale"):
            known.add(_STATUSES[value])
    return tuple(sorted(known))


def sale_message(sale: Sale) -> pb.Sale:
    """The message of a stored sale."""
    return pb.Sale(
        sale_id=sale.sale_id,
        origin_customer_id=sale.origin_customer_id,
        total_amount=money(sale.total),
        lines=[_line_message(line) for line in sale.lines],
        payment_method=sale.payment_method,
        sale_time=timestamp(sale.sale_time),
        status=pb.SaleStatus.Value(f"SALE_STATUS_{sale.status}"),
        create_time=timestamp(sale.create_time),
        refunded_amount=money(sale.refunded) if sale.refunds else None,
        refunds=[_refund_message(refund) for refund in sale.refunds],
        void_time=timestamp(sale.voiding.time) if sale.voiding else None,
        void_reason=sale.voiding.reason if sale.voiding else "",
    )


def asked_message(sale: NewSale) -> pb.Sale:
    """The message of a sale that is not recorded yet."""
    return pb.Sale(
        sale_id=sale.sale_id,
        origin_customer_id=sale.customer_id,
        total_amount=money(sale.total),
        lines=[_line_message(line) for line in sale.lines],
        payment_method=sale.payment_method,
        sale_time=timestamp(sale.sale_time),
    )


def entry_message(sale: NewSale) -> pb.SaleEntry:
    """The message of a sale with the customer that it names."""
    external = sale.external
    named = customer_pb2.ExternalId(system=external.system, external_id=external.external_id) if external else None
    return pb.SaleEntry(customer_id=sale.customer_id, external_customer_id=named, sale=asked_message(sale))


def _line_message(line: SaleLine) -> pb.SaleLine:
    return pb.SaleLine(
        product=line.product,
        quantity=decimal(line.quantity),
        amount=money(line.amount) if line.amount else None,
    )


def _refund_message(refund: Refund) -> pb.Refund:
    return pb.Refund(
        refund_id=refund.refund_id,
        amount=money(refund.amount),
        quantity=decimal(refund.quantity),
        reason=refund.reason,
        refund_time=timestamp(refund.refund_time),
    )


def summaries(sums: Iterable[CurrencyTotal]) -> list[pb.SalesSummary]:
    """The messages of sums, one for each currency."""
    return [
        pb.SalesSummary(total_sales=one.purchases, total_amount=money(one.total), average_amount=money(one.average))
        for one in sums
    ]
