"""OverviewService: everything about a customer in one read, and every customer with its figures for a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import grpc

from patronage.analytics.v1 import overview_pb2 as pb
from patronage.analytics.v1 import overview_pb2_grpc
from patronage.customers.v1 import contact_permission_pb2, customer_service_pb2_grpc
from services.analytics.convert.metrics import metrics_message
from services.analytics.convert.sales import sale_message
from services.analytics.convert.times import asked_instant
from services.analytics.domain.figures import CustomerMetrics
from services.analytics.domain.instants import checked_instant
from services.analytics.domain.questions import MetricsQuestion, SalesQuestion, metrics_question
from services.analytics.operations.export_metrics import next_metrics
from services.analytics.operations.get_customer_metrics import get_customer_metrics
from services.analytics.operations.list_sales import list_sales
from services.analytics.servicer.customers_parts import CustomersParts, Part
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.service_channel import on_behalf
from services.runtime.waiting import FollowedChanges, remaining_s

NEWEST, MOST_NEWEST = 10, 100
PARTS_WITHIN_S = 2.0
AT_ONCE = 500


class OverviewServicer(overview_pb2_grpc.OverviewServiceServicer):
    """What customers knows of a customer, beside what it bought."""

    def __init__(
        self, edge: Edge, followed: FollowedChanges, clock: Callable[[], datetime], customers: grpc.Channel
    ) -> None:
        self._edge = edge
        self._followed = followed
        self._clock = clock
        self._parts = CustomersParts(customers)
        self._customers = customer_service_pb2_grpc.CustomerServiceStub(customers)

    def GetCustomerOverview(  # noqa: N802 - the name of the RPC
        self, request: pb.GetCustomerOverviewRequest, context: grpc.ServicerContext
    ) -> pb.GetCustomerOverviewResponse:
        """Reads everything about a customer."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        fits = 0 <= request.newest <= MOST_NEWEST
        check.require(fits, "newest", f"must be between 0 and {MOST_NEWEST}")
        asked = metrics_question(check, request.customer_id, asked_instant(request, "as_of_time"), self._clock())
        newest = request.newest or NEWEST
        self._followed.wait(token, context)
        age_seconds = self._followed.age_s()
        answer = self._edge.read(context, lambda tx: _bought(tx, asked, newest))
        within = min(PARTS_WITHIN_S, remaining_s(context))
        parts = self._parts.read(asked.customer_id, newest, on_behalf(context), within)
        return _with_parts(answer, parts, age_seconds)

    def ExportMetrics(  # noqa: N802 - the name of the RPC
        self, request: pb.ExportMetricsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ExportMetricsResponse]:
        """Streams the customers with their figures, each batch read by itself."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        as_of = checked_instant(asked_instant(request, "as_of_time"), check, "as_of_time") or self._clock()
        _check_permission(request, check)
        check.raise_if_any()
        self._followed.wait(token, context)
        after: str | None = None
        while batch := self._next(context, after, as_of):
            yield self._exported(request, context, batch)
            after = batch[-1].figures.customer_id

    def _next(self, context: grpc.ServicerContext, after: str | None, as_of: datetime) -> list[CustomerMetrics]:
        found: list[CustomerMetrics] = []

        def run(tx: Transaction) -> pb.ExportMetricsResponse:
            found.extend(next_metrics(tx, after, AT_ONCE, as_of))
            return pb.ExportMetricsResponse()

        self._edge.read(context, run)
        return found

    def _exported(
        self, request: pb.ExportMetricsRequest, context: grpc.ServicerContext, batch: Sequence[CustomerMetrics]
    ) -> pb.ExportMetricsResponse:
        if not request.channel:
            return pb.ExportMetricsResponse(
                customers=[pb.ExportedCustomer(metrics=metrics_message(one)) for one in batch]
            )
        permissions = self._permissions(request, context, [one.figures.customer_id for one in batch])
        exported = [
            pb.ExportedCustomer(metrics=metrics_message(one), permission=permission)
            for one, permission in zip(batch, permissions, strict=True)
            if permission.allowed or request.include_denied
        ]
        return pb.ExportMetricsResponse(customers=exported, denied=len(batch) - len(exported))

    def _permissions(
        self, request: pb.ExportMetricsRequest, context: grpc.ServicerContext, customer_ids: Sequence[str]
    ) -> Sequence[contact_permission_pb2.ContactPermission]:
        asked = contact_permission_pb2.BatchCheckContactPermissionsRequest(
            customer_ids=customer_ids, channel=request.channel, purpose=request.purpose
        )
        answer = self._customers.BatchCheckContactPermissions(
            asked, metadata=on_behalf(context), timeout=remaining_s(context)
        )
        return answer.permissions


def _bought(tx: Transaction, asked: MetricsQuestion, newest: int) -> pb.GetCustomerOverviewResponse:
    metrics = get_customer_metrics(tx, asked)
    sales = list_sales(tx, SalesQuestion(asked.customer_id.lower(), None, None, newest, ""))
    return pb.GetCustomerOverviewResponse(
        metrics=metrics_message(metrics), sales=[sale_message(sale) for sale in sales.sales]
    )


def _with_parts(
    answer: pb.GetCustomerOverviewResponse, parts: Mapping[pb.OverviewPart.ValueType, Part], age_seconds: float
) -> pb.GetCustomerOverviewResponse:
    found = {part: its.answer for part, its in parts.items() if its.answer is not None}
    if profile := found.get(pb.OVERVIEW_PART_PROFILE):
        answer.customer.CopyFrom(profile.customer)
        answer.conversation_metrics.CopyFrom(profile.conversation_metrics)
        answer.views.CopyFrom(profile.views)
    if preferences := found.get(pb.OVERVIEW_PART_PREFERENCES):
        answer.preferences.CopyFrom(preferences.preferences)
    answer.notes.extend(_items(found.get(pb.OVERVIEW_PART_NOTES), "notes"))
    answer.engagements.extend(_items(found.get(pb.OVERVIEW_PART_ENGAGEMENTS), "engagements"))
    freshness = [
        pb.PartFreshness(part=part, available=not its.reason, reason=its.reason) for part, its in parts.items()
    ]
    ours = (pb.OVERVIEW_PART_METRICS, pb.OVERVIEW_PART_SALES)
    answer.parts.extend(freshness)
    answer.parts.extend(pb.PartFreshness(part=part, available=True, age_seconds=age_seconds) for part in ours)
    return answer


def _items(answer: Any, field: str) -> Sequence[Any]:
    found: Sequence[Any] = getattr(answer, field) if answer is not None else ()
    return found


def _check_permission(request: pb.ExportMetricsRequest, check: FieldCheck) -> None:
    both = bool(request.channel) == bool(request.purpose)
    check.require(both, "purpose" if request.channel else "channel", "must be given where the other one is")
    known = request.channel in contact_permission_pb2.ContactChannel.values()
    check.require(known, "channel", "must be a way to contact someone")
    known = request.purpose in contact_permission_pb2.ContactPurpose.values()
    check.require(known, "purpose", "must be a purpose of contacting someone")
