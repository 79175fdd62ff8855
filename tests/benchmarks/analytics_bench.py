"""The figures of analytics at any size: reads beside the older system's claims, recording beside a raw INSERT."""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import grpc
import psycopg
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import money_pb2

from patronage.analytics.v1 import (
    company_figures_pb2,
    metrics_service_pb2,
    metrics_service_pb2_grpc,
    sales_service_pb2,
    sales_service_pb2_grpc,
)
from services.local.postgres import Postgres
from services.local.suite import Suite
from tests.benchmarks import sales_fill
from tests.benchmarks.suite_bench import Line

COMPANY = "bench"
SCOPES = ("analytics:read", "analytics:write", "analytics:admin")
QUICK, SLOW, WRITES, BATCHES, IN_BATCH = 400, 8, 1_000, 10, 2_500
DEADLINE_S = 60.0
Call = Callable[[int], object]


def lines(folder: Path, customers: int, sales: int) -> Iterator[Line]:
    """Fills a company, then measures and yields each figure as soon as it stands. One caller, one call at a time."""
    with Suite(folder / "suite") as suite:
        assert isinstance(suite.postgres, Postgres)
        admin_url = suite.postgres.admin_url("patronage_analytics")
        begun = time.perf_counter()
        sales_fill.fill(admin_url, COMPANY, customers, sales)
        yield Line(f"fill {customers:,} customers, {sales:,} sales", f"{time.perf_counter() - begun:.0f} s", "by SQL")
        metadata = (("authorization", f"Bearer {suite.token(COMPANY, scopes=SCOPES)}"),)
        with grpc.insecure_channel(suite.context()["analytics"]) as channel:
            yield from _reads(channel, metadata, customers)
            yield from _writes(channel, metadata, customers, admin_url)


def _reads(channel: grpc.Channel, metadata: Sequence[tuple[str, str]], customers: int) -> Iterator[Line]:
    metrics = metrics_service_pb2_grpc.MetricsServiceStub(channel)
    sales = sales_service_pb2_grpc.SalesServiceStub(channel)
    about, reports = metrics_service_pb2, company_figures_pb2
    year = Timestamp()
    year.FromNanoseconds(time.time_ns() - 365 * 86_400 * 10**9)

    def ask(method: Callable[..., object], request: Callable[[int], object]) -> Call:
        return lambda turn: method(request(turn), metadata=metadata, timeout=DEADLINE_S)

    def someone(turn: int) -> str:
        return sales_fill.customer_id(1 + turn * 7919 % customers)

    quick = {
        "GetCustomerMetrics": (
            ask(metrics.GetCustomerMetrics, lambda turn: about.GetCustomerMetricsRequest(customer_id=someone(turn))),
            "claim 100 to 150 ms, aim a tenth",
        ),
        "GetCustomerMetrics of the one with the most": (
            ask(
                metrics.GetCustomerMetrics,
                lambda turn: about.GetCustomerMetricsRequest(customer_id=sales_fill.customer_id(1)),
            ),
            "claim 100 to 150 ms, aim a tenth",
        ),
        "ListSales of a customer": (
            ask(sales.ListSales, lambda turn: sales_service_pb2.ListSalesRequest(customer_id=someone(turn))),
            "claim 50 to 80 ms, aim a tenth",
        ),
        "ListSales of the one with the most": (
            ask(
                sales.ListSales, lambda turn: sales_service_pb2.ListSalesRequest(customer_id=sales_fill.customer_id(1))
            ),
            "claim 50 to 80 ms, aim a tenth",
        ),
        "ListSales of the company": (
            ask(sales.ListSales, lambda turn: sales_service_pb2.ListSalesRequest(page_size=20)),
            "claim 50 to 80 ms, aim a tenth",
        ),
    }
    slow = {
        "ListRepeatCustomers": ask(metrics.ListRepeatCustomers, lambda turn: about.ListRepeatCustomersRequest()),
        "ListCustomerMetrics by spend": ask(
            metrics.ListCustomerMetrics,
            lambda turn: about.ListCustomerMetricsRequest(order=about.METRICS_ORDER_MOST_SPENT, currency="KES"),
        ),
        "GetCompanySummary": ask(metrics.GetCompanySummary, lambda turn: about.GetCompanySummaryRequest()),
        "GetCompanySummary of a year": ask(
            metrics.GetCompanySummary, lambda turn: about.GetCompanySummaryRequest(sold_from=year)
        ),
        "GetPurchaseTrend by month": ask(metrics.GetPurchaseTrend, lambda turn: reports.GetPurchaseTrendRequest()),
        "GetLifecycleAnalytics": ask(
            metrics.GetLifecycleAnalytics, lambda turn: reports.GetLifecycleAnalyticsRequest()
        ),
        "GetCohorts": ask(metrics.GetCohorts, lambda turn: reports.GetCohortsRequest()),
        "GetRfmSegments": ask(metrics.GetRfmSegments, lambda turn: reports.GetRfmSegmentsRequest()),
    }
    for name, (call, claim) in quick.items():
        yield Line(name, _spread(_times(call, QUICK)), claim)
    for name, call in slow.items():
        yield Line(name, _spread(_times(call, SLOW)), "aim 1 s")


def _writes(
    channel: grpc.Channel, metadata: tuple[tuple[str, str], ...], customers: int, admin_url: str
) -> Iterator[Line]:
    stub = sales_service_pb2_grpc.SalesServiceStub(channel)

    def entry(number: int) -> sales_service_pb2.SaleEntry:
        total = money_pb2.Money(currency_code="KES", units=number % 1000)
        sale = sales_service_pb2.Sale(sale_id=f"new-{number}", total_amount=total, payment_method="cash")
        return sales_service_pb2.SaleEntry(customer_id=sales_fill.customer_id(1 + number % customers), sale=sale)

    def record(turn: int) -> object:
        one = entry(turn)
        request = sales_service_pb2.RecordSaleRequest(customer_id=one.customer_id, sale=one.sale)
        return stub.RecordSale(request, metadata=metadata, timeout=DEADLINE_S)

    recorded, inserted = _times(record, WRITES), _insert_times(admin_url)
    yield Line("RecordSale", _spread(recorded), _ratio(recorded, inserted, "raw INSERTs"))
    yield Line("raw INSERT of the same", _spread(inserted), "")
    first = range(WRITES, WRITES + BATCHES * IN_BATCH, IN_BATCH)
    batches = [
        sales_service_pb2.ImportSalesRequest(sales=[entry(number) for number in range(at, at + IN_BATCH)])
        for at in first
    ]
    begun = time.perf_counter()
    answers = list(stub.ImportSales(iter(batches), metadata=metadata, timeout=DEADLINE_S))
    spent = time.perf_counter() - begun
    rows = answers[-1].counts.recorded
    copied = _copy_seconds(admin_url, rows)
    yield Line(f"ImportSales of {rows:,}", f"{rows / spent:,.0f} rows a second", f"{copied / spent:.3f} of COPY")
    yield Line("COPY of the same", f"{rows / copied:,.0f} rows a second", "")


def _times(call: Call, turns: int) -> list[float]:
    call(0)
    times = []
    for turn in range(turns):
        begun = time.perf_counter()
        call(turn)
        times.append(time.perf_counter() - begun)
    return times


def _insert_times(admin_url: str) -> list[float]:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bench_sales (company_id text, sale_id text, customer_id uuid, minor bigint, currency text,"
            " sold_at timestamptz, PRIMARY KEY (company_id, sale_id))"
        )
        sql = "INSERT INTO bench_sales VALUES (%s, %s, %s, %s, %s, now())"
        return _times(
            lambda turn: connection.execute(
                sql, (COMPANY, f"new-{turn}-{time.perf_counter_ns()}", sales_fill.customer_id(1), turn, "KES")
            ),
            WRITES,
        )


def _copy_seconds(admin_url: str, rows: int) -> float:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("TRUNCATE bench_sales")
        begun = time.perf_counter()
        with connection.cursor().copy("COPY bench_sales FROM STDIN") as copy:
            for number in range(rows):
                copy.write_row((COMPANY, f"n-{number}", sales_fill.customer_id(1), number, "KES", "2026-01-01"))
        return time.perf_counter() - begun


def _spread(times: Sequence[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"


def _ratio(times: Sequence[float], others: Sequence[float], what: str) -> str:
    return f"{statistics.median(times) / statistics.median(others):.1f} {what}"


def main() -> None:
    """Measures on a durable PostgreSQL in a temporary folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.analytics_bench")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sales", type=int, default=5_000_000)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="patronage-bench-"))
    folder.chmod(0o711)
    try:
        for line in lines(folder, chosen.customers, chosen.sales):
            print(f"{line.what:<52} {line.value:<42} {line.ratio}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
