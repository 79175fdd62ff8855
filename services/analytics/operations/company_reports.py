"""Reads what is told of a whole company over time: trend, cohorts, stages, segments."""

from datetime import date, datetime
from itertools import groupby

from services.analytics.domain.company_reports import (
    Cohort,
    LifecycleFigures,
    RfmFigures,
    Segment,
    SegmentFigures,
    TrendPoint,
    segment_of,
)
from services.analytics.domain.questions import Interval, Period, Who
from services.analytics.store import cohorts, companies, lifecycle, report_memory, rfm, trend
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation

MOST_POINTS = 10_000


def get_purchase_trend(tx: Transaction, interval: Interval, period: Period) -> tuple[list[TrendPoint], str]:
    """The periods with a sale and the time zone they begin in. Raises FieldsInvalid where there are too many."""
    report_memory.take(tx)
    zone = companies.month_zone(tx)
    points = trend.trend(tx, *interval.bounds, period, zone, MOST_POINTS + 1)
    if len(points) > MOST_POINTS:
        text = f"gives more than {MOST_POINTS:,} points; ask for longer periods or a shorter interval"
        raise FieldsInvalid([FieldViolation("period", text)])
    return points, zone


def get_cohorts(tx: Transaction, first: date | None, last: date | None) -> tuple[list[Cohort], str]:
    """The cohorts by month, and the time zone in which months begin."""
    report_memory.take(tx)
    found = groupby(cohorts.cells(tx, first, last), key=lambda cell: cell.cohort)
    return [Cohort(month, list(cells)) for month, cells in found], companies.month_zone(tx)


def get_lifecycle_analytics(tx: Transaction, interval: Interval, who: Who, now: datetime) -> LifecycleFigures:
    """The stages at the end of the interval, which is now at most, and the moves in it."""
    report_memory.take(tx)
    begin, end = interval.bounds
    end = min(end, now)
    return LifecycleFigures(lifecycle.stages(tx, begin, end, who), lifecycle.conversions(tx, begin, end, who))


def get_rfm_segments(tx: Transaction, currency: str) -> RfmFigures:
    """The customers who bought in a currency, the company's own where none is named, by segment."""
    report_memory.take(tx)
    currency = currency or companies.currency(tx)
    cut = rfm.cut_points(tx, currency)
    if cut is None:
        return RfmFigures(currency, None, ())
    sums = {segment: [0, 0] for segment in Segment}
    for scores, customers, total_minor in rfm.scored(tx, currency, cut):
        one = sums[segment_of(*scores)]
        one[0], one[1] = one[0] + customers, one[1] + total_minor
    found = (SegmentFigures(segment, *of) for segment, of in sums.items() if of[0])
    return RfmFigures(currency, cut, tuple(found))
