"""Merges a minute by BatchMerge and AutoMerge over real gRPC, with their history, beside the echo and plain SQL."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from examples.customer_file.command import write_customers
from patronage.analytics.v1 import metrics_service_pb2
from patronage.customers.v1 import company_service_pb2, listing_pb2
from patronage.matching.v1 import auto_merge_pb2, batch_merge_pb2, matching_service_pb2
from services.cli.client import Client, connected
from services.cli.context import Context
from services.cli.dedupe_input import read_customers
from services.cli.duplicates import scan_company
from services.cli.import_customers import OnDuplicate, send
from services.local.postgres import Postgres
from services.local.suite import Suite
from services.runtime.ids import new_id
from tests.benchmarks import echo, load

TICKS = os.sysconf("SC_CLK_TCK")
PLAIN = 2_000
AIM_A_MINUTE = 5_000
PLAIN_TABLES = """
CREATE TABLE bench_people (id uuid PRIMARY KEY, state text NOT NULL, merged_into uuid, record jsonb NOT NULL);
CREATE TABLE bench_merges (id uuid PRIMARY KEY, target uuid NOT NULL, source uuid NOT NULL, at timestamptz NOT NULL);
INSERT INTO bench_people SELECT customer_id, state, NULL, view FROM customers LIMIT %s
"""


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of all processes of the suite and this one on the processors."""

    seconds: float
    cpu_s: float


def figures(folder: Path, rows: int) -> Iterator[str]:
    """Measures and yields each figure as soon as it stands."""
    source = folder / "customers.csv"
    with source.open("w", encoding="utf-8", newline="") as file, (folder / "truth.csv").open("w") as truth:
        write_customers(rows, 7, file, truth)
    with Suite(folder / "suite") as suite, echo.running() as target:
        context = suite.context()
        echoed = load.measure(target, echo.METHOD, [b"x" * 100], "", 2.0).per_second
        yield f"bare echo: {echoed:,.0f} calls a second"
        with connected(Context(context, context["token"])) as client:
            send(client, read_customers(source, {}), "bench", OnDuplicate.ALLOW, lambda stage, done: None)
            plain = _plain_a_second(suite)
            yield f"plain SQL, two rows and a log without history, a transaction each: {plain:,.0f} merges a second"
            scan_company(client, None, lambda stage, done: None)
            yield _told("AutoMerge", _measured(lambda: _auto(client)), echoed, plain)
            yield followed(client)
            pairs = _pairs(client)
            request = batch_merge_pb2.BatchMergeRequest(merges=pairs, request_id=new_id())
            yield _told("BatchMerge", _measured(lambda: _batch(client, request)), echoed, plain)
            yield followed(client)
            yield _told("the same BatchMerge sent again", _measured(lambda: _batch(client, request)), echoed, plain)


def _auto(client: Client) -> int:
    counts = auto_merge_pb2.AutoMergeCounts()
    for part in client.merges.AutoMerge(auto_merge_pb2.AutoMergeRequest(max_merges=10_000, request_id=new_id())):
        counts = part.counts
    return counts.merged


def _batch(client: Client, request: batch_merge_pb2.BatchMergeRequest) -> int:
    counts = batch_merge_pb2.BatchMergeCounts()
    for part in client.merges.BatchMerge(request):
        counts = part.counts
    assert counts.merged + counts.already == len(request.merges), counts
    return counts.merged + counts.already


def _pairs(client: Client) -> list[batch_merge_pb2.MergeItem]:
    """Customers in use two by two, as they come: for what a merge costs it does not matter who they are."""
    ids: list[str] = []
    token = ""
    while len(ids) < 2 * 10_000:
        page = client.customers.ListCustomers(listing_pb2.ListCustomersRequest(page_size=1000, page_token=token))
        ids += [customer.customer_id for customer in page.customers]
        token = page.next_page_token
        if not token:
            break
    merges = zip(ids[::2], ids[1::2], strict=False)
    return [batch_merge_pb2.MergeItem(target_id=one, source_ids=[other]) for one, other in merges][:10_000]


def _measured(work: Callable[[], int]) -> tuple[int, Spent]:
    begun, cpu = time.perf_counter(), _cpu_s()
    done = work()
    return done, Spent(time.perf_counter() - begun, _cpu_s() - cpu)


def _told(what: str, measured: tuple[int, Spent], echoed: float, plain: float) -> str:
    done, spent = measured
    a_second = done / spent.seconds
    on_two = 2 * done / spent.cpu_s
    return (
        f"{what}: {done:,} merges, {60 * a_second:,.0f} a minute on the clock ({60 * a_second / AIM_A_MINUTE:.1f} times"
        f" the aim of {AIM_A_MINUTE:,}), {1000 * spent.cpu_s / done:.1f} ms of CPU a merge in all processes, which is"
        f" {60 * on_two:,.0f} a minute on two cores; {a_second / echoed:.3f} of the echo, {a_second / plain:.3f} of SQL"
    )


def followed(client: Client) -> str:
    """How long matching and analytics take until they have what was merged."""
    begun = time.perf_counter()
    token = client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token
    asked = matching_service_pb2.MatchRecordRequest(at_least_as_fresh=token)
    asked.record.name = "Nobody Known"
    client.matching.MatchRecord(asked)
    client.metrics.GetCompanySummary(metrics_service_pb2.GetCompanySummaryRequest(at_least_as_fresh=token))
    return f"matching and analytics have followed {time.perf_counter() - begun:.1f} s after its end"


def _plain_a_second(suite: Suite) -> float:
    """Merges a second that write two rows and a line of a log by plain SQL, nothing else."""
    assert isinstance(suite.postgres, Postgres)
    with psycopg.connect(suite.postgres.admin_url("patronage_customers"), autocommit=True) as connection:
        for statement in (PLAIN_TABLES % (2 * PLAIN)).split(";"):
            connection.execute(statement.encode())
        ids = [row[0] for row in connection.execute("SELECT id FROM bench_people").fetchall()]
        begun = time.perf_counter()
        for target, source in zip(ids[::2], ids[1::2], strict=True):
            with connection.transaction():
                connection.execute(
                    "INSERT INTO bench_merges VALUES (gen_random_uuid(), %s, %s, now())", (target, source)
                )
                connection.execute("UPDATE bench_people SET record = record || '{}' WHERE id = %s", (target,))
                update = "UPDATE bench_people SET state = 'MERGED', merged_into = %s WHERE id = %s"
                connection.execute(update, (target, source))
        spent = time.perf_counter() - begun
        connection.execute("DROP TABLE bench_people, bench_merges")
    return len(ids) / 2 / spent


def _cpu_s() -> float:
    """CPU seconds of this process and all below it, those that have ended included."""
    stats = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            stats[int(folder.name)] = (int(stat[1]), sum(map(int, stat[11:15])))
    family, more = {os.getpid()}, True
    while more:
        below = {pid for pid, (parent, _) in stats.items() if parent in family} - family
        family |= below
        more = bool(below)
    return sum(stats[pid][1] for pid in family if pid in stats) / TICKS
