"""What is told of a whole company over time, as messages."""

from collections.abc import Sequence
from datetime import date

from google.type import date_pb2

from patronage.analytics.v1 import company_figures_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.analytics.convert.money import decimal, money
from services.analytics.convert.times import timestamp
from services.analytics.domain.company_reports import (
    Cohort,
    CohortCell,
    Conversion,
    LifecycleFigures,
    RfmFigures,
    StageFigures,
    TrendPoint,
)
from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.mirror import Stage
from services.analytics.domain.money import Amount
from services.analytics.domain.questions import Period
from services.runtime.failures import FieldCheck


def period(given: pb.TrendPeriod.ValueType, check: FieldCheck) -> Period:
    """The period that is asked for, a month where none is; one that is not known is noted."""
    if given == pb.TREND_PERIOD_UNSPECIFIED:
        return Period.MONTH
    known = check.require(given in pb.TrendPeriod.values(), "period", "must be a period of a trend")
    return Period[pb.TrendPeriod.Name(given).removeprefix("TREND_PERIOD_")] if known else Period.MONTH


def month(given: date_pb2.Date | None, check: FieldCheck, field: str) -> date | None:
    """The first day of the month of a date; one that is none is noted."""
    if given is None:
        return None
    try:
        return date(given.year, given.month, given.day or 1).replace(day=1)
    except ValueError:
        check.require(False, field, "must be a day of the calendar, or a month without a day")
        return None


def source(given: customer_pb2.CustomerSource.ValueType, check: FieldCheck) -> str:
    """The source that is asked for, empty for all; one that is not known is noted."""
    if given == customer_pb2.CUSTOMER_SOURCE_UNSPECIFIED:
        return ""
    known = check.require(given in customer_pb2.CustomerSource.values(), "source", "must be a source of customers")
    return customer_pb2.CustomerSource.Name(given).removeprefix("CUSTOMER_SOURCE_") if known else ""


def trend_message(points: Sequence[TrendPoint], zone: str, age_seconds: float) -> pb.GetPurchaseTrendResponse:
    """The message of a trend."""
    return pb.GetPurchaseTrendResponse(
        points=[_point(point) for point in points], time_zone=zone, age_seconds=age_seconds
    )


def cohorts_message(cohorts: Sequence[Cohort], zone: str, age_seconds: float) -> pb.GetCohortsResponse:
    """The message of cohorts."""
    return pb.GetCohortsResponse(cohorts=[_cohort(one) for one in cohorts], time_zone=zone, age_seconds=age_seconds)


def lifecycle_message(figures: LifecycleFigures, age_seconds: float) -> pb.GetLifecycleAnalyticsResponse:
    """The message of how customers move through the stages."""
    return pb.GetLifecycleAnalyticsResponse(
        stages=[_stage(one) for one in figures.stages],
        conversions=[_conversion(one) for one in figures.conversions],
        age_seconds=age_seconds,
    )


def rfm_message(figures: RfmFigures, age_seconds: float) -> pb.GetRfmSegmentsResponse:
    """The message of segments."""
    cut, currency = figures.cut_points, figures.currency
    return pb.GetRfmSegmentsResponse(
        segments=[
            pb.RfmSegment(
                kind=pb.RfmSegmentKind.Value(f"RFM_SEGMENT_KIND_{one.segment}"),
                customers=one.customers,
                total_spent=money(Amount(one.total_minor, currency)),
            )
            for one in figures.segments
        ],
        recency_times=[timestamp(time) for time in cut.recency] if cut else [],  # type: ignore[misc]
        frequency_purchases=cut.frequency if cut else [],
        monetary_amounts=[money(Amount(minor, currency)) for minor in cut.monetary] if cut else [],
        age_seconds=age_seconds,
    )


def _point(point: TrendPoint) -> pb.TrendPoint:
    return pb.TrendPoint(
        begin=_date(point.begin),
        sales=point.sales,
        revenue=money(point.revenue),
        average_sale=money(CurrencyTotal(point.sales, point.revenue).average),
    )


def _cohort(cohort: Cohort) -> pb.Cohort:
    return pb.Cohort(
        month=_date(cohort.month),
        customers=cohort.customers,
        months=[_cohort_month(cohort, cell) for cell in cohort.cells],
    )


def _cohort_month(cohort: Cohort, cell: CohortCell) -> pb.CohortMonth:
    return pb.CohortMonth(
        months_after=cell.months_after,
        customers=cell.customers,
        purchases=cell.purchases,
        retention_percentage=decimal(cohort.retention(cell)),
    )


def _stage(one: StageFigures) -> pb.StageFigures:
    return pb.StageFigures(
        stage=_stage_value(one.stage),
        customers=one.customers,
        average_open_seconds=one.average_open_s,
        stays_ended=one.stays_ended,
        average_seconds=one.average_s,
    )


def _conversion(one: Conversion) -> pb.StageConversion:
    return pb.StageConversion(
        from_stage=_stage_value(one.from_stage),
        to_stage=_stage_value(one.to_stage),
        moves=one.moves,
        median_seconds=one.median_s,
    )


def _stage_value(stage: Stage) -> customer_pb2.LifecycleStage.ValueType:
    return customer_pb2.LifecycleStage.Value(f"LIFECYCLE_STAGE_{stage}")


def _date(day: date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)
