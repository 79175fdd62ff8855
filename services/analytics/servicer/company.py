"""The part of MetricsService that tells of whole companies: summary, trend, cohorts, stages, segments."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc

from patronage.analytics.v1 import company_figures_pb2 as pb
from patronage.analytics.v1 import metrics_service_pb2
from services.analytics.convert import company_reports as convert
from services.analytics.convert.metrics import summary_message
from services.analytics.convert.times import asked_instant
from services.analytics.domain.questions import Interval, Who, checked_currency, interval
from services.analytics.operations import company_reports as reports
from services.analytics.operations.get_company_summary import get_company_summary
from services.runtime.database import Transaction
from services.runtime.edge import Edge, M
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.waiting import FollowedChanges

SOLD = ("sold_from", "sold_before")
LONGEST_TAG = 64


class CompanyReports:
    """What is told of the caller's company as a whole."""

    def __init__(self, edge: Edge, followed: FollowedChanges, clock: Callable[[], datetime]) -> None:
        self._edge = edge
        self._followed = followed
        self._clock = clock

    def GetCompanySummary(  # noqa: N802 - the name of the RPC
        self, request: metrics_service_pb2.GetCompanySummaryRequest, context: grpc.ServicerContext
    ) -> metrics_service_pb2.GetCompanySummaryResponse:
        """Reads the figures of the company."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = _interval(check, request, SOLD)
        check.raise_if_any()
        return self._read(context, token, lambda tx, age: summary_message(get_company_summary(tx, asked), age))

    def GetPurchaseTrend(  # noqa: N802 - the name of the RPC
        self, request: pb.GetPurchaseTrendRequest, context: grpc.ServicerContext
    ) -> pb.GetPurchaseTrendResponse:
        """Reads the sales by period."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked, period = _interval(check, request, SOLD), convert.period(request.period, check)
        check.raise_if_any()
        return self._read(
            context,
            token,
            lambda tx, age: convert.trend_message(*reports.get_purchase_trend(tx, asked, period), age),
        )

    def GetCohorts(  # noqa: N802 - the name of the RPC
        self, request: pb.GetCohortsRequest, context: grpc.ServicerContext
    ) -> pb.GetCohortsResponse:
        """Reads how customers came back."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        first, last = (
            convert.month(getattr(request, name) if request.HasField(name) else None, check, name)
            for name in ("first_month", "last_month")
        )
        check.require(not (first and last and last < first), "last_month", "must not be before first_month")
        check.raise_if_any()
        return self._read(
            context, token, lambda tx, age: convert.cohorts_message(*reports.get_cohorts(tx, first, last), age)
        )

    def GetLifecycleAnalytics(  # noqa: N802 - the name of the RPC
        self, request: pb.GetLifecycleAnalyticsRequest, context: grpc.ServicerContext
    ) -> pb.GetLifecycleAnalyticsResponse:
        """Reads how customers move through the stages."""
        check, now = FieldCheck(), self._clock()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = _interval(check, request, ("from_time", "before_time"))
        who = Who(convert.source(request.source, check), request.tag)
        good = len(request.tag) <= LONGEST_TAG and "\0" not in request.tag
        check.require(good, "tag", f"must be up to {LONGEST_TAG} characters long")
        check.raise_if_any()
        return self._read(
            context,
            token,
            lambda tx, age: convert.lifecycle_message(reports.get_lifecycle_analytics(tx, asked, who, now), age),
        )

    def GetRfmSegments(  # noqa: N802 - the name of the RPC
        self, request: pb.GetRfmSegmentsRequest, context: grpc.ServicerContext
    ) -> pb.GetRfmSegmentsResponse:
        """Reads the customers by recency, frequency and money."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        checked_currency(check, request.currency)
        check.raise_if_any()
        return self._read(
            context, token, lambda tx, age: convert.rfm_message(reports.get_rfm_segments(tx, request.currency), age)
        )

    def _read(
        self, context: grpc.ServicerContext, token: ChangeToken | None, run: Callable[[Transaction, float], M]
    ) -> M:
        """What `run` answers once the token is met; it is told how old the answer is."""
        self._followed.wait(token, context)
        age_seconds = self._followed.age_s()
        return self._edge.read(context, lambda tx: run(tx, age_seconds))


def _interval(check: FieldCheck, request: Any, names: tuple[str, str]) -> Interval:
    begin, end = (asked_instant(request, name) for name in names)
    return interval(check, begin, end, names)
