"""Report owns `patronage report`: what a company's customers bought and how they move, as one page to look at."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.analytics.v1 import company_figures_pb2 as pb
from patronage.analytics.v1 import metrics_service_pb2
from patronage.customers.v1 import company_service_pb2
from services.cli.client import Client, connected
from services.cli.context import ContextOption, read_context
from services.cli.dedupe_output import refuse_unwritable, written
from services.cli.pictures.company_page import CompanyReport, company_page
from services.cli.pictures.svg import require_matplotlib
from services.cli.shown import output

PERIODS = {name: pb.TrendPeriod.Value(f"TREND_PERIOD_{name.upper()}") for name in ("day", "week", "month", "year")}
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Sales and moves from this day on, in UTC.")]
Before = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Sales and moves before this day, in UTC.")]


def report(
    html: Annotated[Path, typer.Option(help="Where the page goes, as one HTML file.")],
    since: Day = None,
    before: Before = None,
    period: Annotated[str, typer.Option(help=f"Length of a period: {', '.join(PERIODS)}.")] = "month",
    context: ContextOption = None,
) -> None:
    """Draw what customers bought, who comes back and how they move, as one page."""
    if period not in PERIODS:
        raise typer.BadParameter(f"must be one of {', '.join(PERIODS)}", param_hint="--period")
    require_matplotlib()
    refuse_unwritable(html)
    with connected(read_context(context)) as client:
        found = _asked(client, since, before, period)
    with written(html) as file:
        file.write(company_page(found))
    output().print(f"written to {html}")


def _asked(client: Client, since: datetime | None, before: datetime | None, period: str) -> CompanyReport:
    begin, end = _time(since), _time(before)
    now = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
    return CompanyReport(
        client.metrics.GetCompanySummary(
            metrics_service_pb2.GetCompanySummaryRequest(sold_from=begin, sold_before=end, at_least_as_fresh=now)
        ),
        client.metrics.GetPurchaseTrend(
            pb.GetPurchaseTrendRequest(sold_from=begin, sold_before=end, period=PERIODS[period])
        ),
        client.metrics.GetCohorts(pb.GetCohortsRequest()),
        client.metrics.GetLifecycleAnalytics(pb.GetLifecycleAnalyticsRequest(from_time=begin, before_time=end)),
        client.metrics.GetRfmSegments(pb.GetRfmSegmentsRequest()),
    )


def _time(day: datetime | None) -> Timestamp | None:
    if day is None:
        return None
    time = Timestamp()
    time.FromDatetime(day)
    return time
