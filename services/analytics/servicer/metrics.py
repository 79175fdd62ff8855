"""MetricsService: the figures of customers and of the company."""

from collections.abc import Callable
from datetime import datetime

import grpc

from patronage.analytics.v1 import metrics_service_pb2 as pb
from patronage.analytics.v1 import metrics_service_pb2_grpc
from services.analytics.convert.metrics import metrics_message, summary_message
from services.analytics.convert.times import instant_input
from services.analytics.domain.instants import InstantInput
from services.analytics.domain.questions import (
    MetricsQuestion,
    RepeatCustomersQuestion,
    metrics_question,
    repeat_customers_question,
)
from services.analytics.operations.get_company_summary import get_company_summary
from services.analytics.operations.get_customer_metrics import get_customer_metrics
from services.analytics.operations.list_repeat_customers import list_repeat_customers
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.waiting import FollowedChanges


class MetricsServicer(metrics_service_pb2_grpc.MetricsServiceServicer):
    """Figures that follow merges and undos."""

    def __init__(self, edge: Edge, followed: FollowedChanges, clock: Callable[[], datetime]) -> None:
        self._edge = edge
        self._followed = followed
        self._clock = clock

    def GetCustomerMetrics(  # noqa: N802 - the name of the RPC
        self, request: pb.GetCustomerMetricsRequest, context: grpc.ServicerContext
    ) -> pb.GetCustomerMetricsResponse:
        """Reads the figures of one customer."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = metrics_question(check, request.customer_id, _as_of(request), self._clock())
        self._followed.wait(token, context)
        age_seconds = self._followed.age_s()
        return self._edge.read(context, lambda tx: _metrics(tx, asked, age_seconds))

    def ListRepeatCustomers(  # noqa: N802 - the name of the RPC
        self, request: pb.ListRepeatCustomersRequest, context: grpc.ServicerContext
    ) -> pb.ListRepeatCustomersResponse:
        """Lists those who came back."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = _question(check, request, self._clock())
        self._followed.wait(token, context)
        age_seconds = self._followed.age_s()
        return self._edge.read(context, lambda tx: _repeat_customers(tx, asked, age_seconds))

    def GetCompanySummary(  # noqa: N802 - the name of the RPC
        self, request: pb.GetCompanySummaryRequest, context: grpc.ServicerContext
    ) -> pb.GetCompanySummaryResponse:
        """Reads the figures of the company."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        check.raise_if_any()
        self._followed.wait(token, context)
        age_seconds = self._followed.age_s()
        return self._edge.read(context, lambda tx: summary_message(get_company_summary(tx), age_seconds))


def _metrics(tx: Transaction, asked: MetricsQuestion, age_seconds: float) -> pb.GetCustomerMetricsResponse:
    metrics = metrics_message(get_customer_metrics(tx, asked))
    return pb.GetCustomerMetricsResponse(metrics=metrics, age_seconds=age_seconds)


def _repeat_customers(
    tx: Transaction, asked: RepeatCustomersQuestion, age_seconds: float
) -> pb.ListRepeatCustomersResponse:
    page = list_repeat_customers(tx, asked)
    return pb.ListRepeatCustomersResponse(
        customers=[metrics_message(customer) for customer in page.customers],
        next_page_token=page.next_page_token,
        total_size=page.total_size,
        age_seconds=age_seconds,
    )


def _question(check: FieldCheck, request: pb.ListRepeatCustomersRequest, now: datetime) -> RepeatCustomersQuestion:
    return repeat_customers_question(
        check,
        min_purchases=request.min_purchases,
        as_of=_as_of(request),
        page_size=request.page_size,
        page_token=request.page_token,
        now=now,
    )


def _as_of(request: pb.GetCustomerMetricsRequest | pb.ListRepeatCustomersRequest) -> InstantInput | None:
    return instant_input(request.as_of_time) if request.HasField("as_of_time") else None
