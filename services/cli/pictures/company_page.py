"""Company page owns the page of `patronage report`: the figures of a company, its pictures, and the same as tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

from patronage.analytics.v1 import company_figures_pb2 as pb
from patronage.analytics.v1 import metrics_service_pb2
from patronage.customers.v1 import customer_pb2
from services.cli.pictures.company import draw_cohorts, draw_frequencies, draw_stages, draw_trend
from services.cli.pictures.page import cell, facts, figure, html_table, page, row
from services.client.money import to_decimal


@dataclass(frozen=True)
class CompanyReport:
    """What the services answered."""

    summary: metrics_service_pb2.GetCompanySummaryResponse
    trend: pb.GetPurchaseTrendResponse
    cohorts: pb.GetCohortsResponse
    lifecycle: pb.GetLifecycleAnalyticsResponse
    segments: pb.GetRfmSegmentsResponse


def company_page(report: CompanyReport) -> str:
    """Return the whole page."""
    return page("Customers and what they bought", _body(report))


def _body(report: CompanyReport) -> Iterator[str]:
    summary, zone = report.summary, report.trend.time_zone
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield "<h1>Customers and what they bought</h1>"
    yield f'<p class="quiet">As of {made}; days and months begin in {zone}. Merged customers are one.</p>'
    yield facts((
        (f"{summary.total_customers:,}", "customers"),
        (f"{summary.buying_customers:,}", "of them bought"),
        (f"{summary.repeat_customers:,}", "came back"),
        (f"{summary.repeat_percentage.value or 0} %", "of the buyers came back"),
        *((f"{to_decimal(one.total_revenue):,.2f}", one.total_revenue.currency_code) for one in summary.revenue),
    ))  # fmt: skip
    yield from _trend(report.trend)
    yield from _cohorts(report.cohorts)
    yield from _stages(report.lifecycle)
    yield from _frequencies(summary)
    yield from _segments(report.segments)


def _trend(trend: pb.GetPurchaseTrendResponse) -> Iterator[str]:
    yield "<h2>Purchases over time</h2>"
    if not trend.points:
        yield '<p class="quiet">Nothing was sold yet.</p>'
    for currency in sorted({point.revenue.currency_code for point in trend.points}):
        points = [point for point in trend.points if point.revenue.currency_code == currency]
        yield figure(draw_trend([(_day(one.begin), to_decimal(one.revenue)) for one in points], currency))
        rows = (
            row(str(_day(one.begin)), (cell(f"{one.sales:,}"), *_amounts(one.revenue, one.average_sale)))
            for one in points
        )
        yield html_table(f"Sales in {currency}", ("from", *_TREND), rows, _TREND)


def _cohorts(cohorts: pb.GetCohortsResponse) -> Iterator[str]:
    yield "<h2>Who comes back</h2>"
    yield "<p>Customers by the month of their first purchase: how many of a hundred bought so many months later.</p>"
    if not cohorts.cohorts:
        yield '<p class="quiet">Nobody bought yet.</p>'
        return
    found = [
        (_day(one.month), {month.months_after: Decimal(month.retention_percentage.value) for month in one.months})
        for one in cohorts.cohorts
    ]
    yield figure(draw_cohorts(found[-36:]), "The last three years of cohorts." if len(found) > 36 else "")
    columns = tuple(str(after) for after in range(1 + max(max(months) for _, months in found)))
    rows = (
        row(f"{one:%Y-%m}", (cell(f"{months[int(after)]}" if int(after) in months else "") for after in columns))
        for one, months in found
    )
    yield html_table("The same as a table", ("cohort", *columns), rows, columns)


def _stages(lifecycle: pb.GetLifecycleAnalyticsResponse) -> Iterator[str]:
    yield "<h2>How customers move through the stages</h2>"
    moves = [(_stage(one.from_stage), _stage(one.to_stage), one.moves) for one in lifecycle.conversions]
    if moves:
        yield figure(draw_stages(moves[:12]))
    stays = (
        row(
            _stage(one.stage),
            (
                cell(f"{one.customers:,}"),
                cell(_days(one.average_open_seconds)),
                cell(f"{one.stays_ended:,}"),
                cell(_days(one.average_seconds)),
            ),
        )
        for one in lifecycle.stages
    )
    yield html_table("Stages now, and the stays that ended", ("stage", *_STAYS), stays, _STAYS)
    told = (
        row(
            f"{_stage(one.from_stage)} to {_stage(one.to_stage)}",
            (cell(f"{one.moves:,}"), cell(_days(one.median_seconds))),
        )
        for one in lifecycle.conversions
    )
    yield html_table("Moves", ("move", *_MOVES), told, _MOVES)


def _frequencies(summary: metrics_service_pb2.GetCompanySummaryResponse) -> Iterator[str]:
    yield "<h2>How often they buy</h2>"
    counts = [(_words(metrics_service_pb2.RepeatFrequency.Name(one.frequency), "REPEAT_FREQUENCY_"), one.customers)
              for one in summary.frequencies]  # fmt: skip
    yield figure(draw_frequencies(counts))


def _segments(segments: pb.GetRfmSegmentsResponse) -> Iterator[str]:
    yield "<h2>Recency, frequency and money</h2>"
    rows = (
        row(
            _words(pb.RfmSegmentKind.Name(one.kind), "RFM_SEGMENT_KIND_"),
            (cell(f"{one.customers:,}"), *_amounts(one.total_spent)),
        )
        for one in segments.segments
    )
    yield html_table("Segments in the company's currency", ("segment", *_SPENT), rows, _SPENT)


_TREND = ("sales", "revenue", "average sale")
_STAYS = ("customers now", "mean days until now", "stays ended", "mean days")
_MOVES = ("moves", "median days before")
_SPENT = ("customers", "spent")


def _amounts(*amounts: Money) -> Sequence[str]:
    return [cell(f"{to_decimal(amount):,.2f}") for amount in amounts]


def _day(day: Date) -> date:
    return date(day.year, day.month, day.day)


def _days(seconds: int) -> str:
    return f"{timedelta(seconds=seconds) / timedelta(days=1):,.1f}" if seconds else ""


def _stage(stage: customer_pb2.LifecycleStage.ValueType) -> str:
    return _words(customer_pb2.LifecycleStage.Name(stage), "LIFECYCLE_STAGE_")


def _words(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")
