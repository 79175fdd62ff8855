"""The review queue at a million customers: writing a full queue, its pages and figures, and what the feed costs beside.

Run: python -m tests.benchmarks.review_bench [--rows 1000000] [--closed 200000]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from services.local.postgres import Postgres
from services.matching.domain.review_item import MOST_OPEN, PAIR, ItemEvidence, ItemsAsked, NewItem
from services.matching.operations.get_review_stats import get_review_stats
from services.matching.operations.list_review_items import list_review_items
from services.matching.operations.review_scan import AT_ONCE
from services.matching.store import review_endings, review_items
from services.runtime import migration, provision
from services.runtime.database import Database, TenantScope, Transaction

CALLS = 300
LIVE = """
    INSERT INTO match_records (company_id, customer_id, root_id, state, epoch, revision, generation, name, email, phone,
                               completeness, created_at, source, identity, keys)
    SELECT 'acme', t.id, t.id, 'ACTIVE', 'e', 1, 1, 'Customer ' || t.n, t.n || '@example.com', '', 3, now(), '{}', '',
           '{}'
    FROM (SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
          FROM generate_series(1, %s) AS n) AS t
"""
SCOPE = TenantScope("acme", actor="bench")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--closed", type=int, default=200_000, help="items that were decided or superseded before")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "server", durable=True) as server:
        provision.provision(server.admin_url(), "matching")
        migration.upgrade("matching", server.url("matching_owner", "patronage_matching"))
        with psycopg.connect(server.admin_url("patronage_matching"), autocommit=True) as admin:
            admin.execute("INSERT INTO companies (company_id, derivation) VALUES ('acme', 'x')")
            admin.execute(LIVE, (chosen.rows,))
            admin.execute("VACUUM ANALYZE match_records")
        database = Database(server.url("matching_runtime", "patronage_matching"), application_name="bench", max_size=2)
        try:
            measure(database, server.admin_url("patronage_matching"), chosen.rows, chosen.closed)
        finally:
            database.close()
    return 0


def measure(database: Database, admin_url: str, rows: int, closed: int) -> None:
    """Print what each thing takes."""
    step = max(rows // (closed + MOST_OPEN + 2), 1)
    old = [pair(number * step, step) for number in range(1, closed + 1)]
    write(database, old)
    say("superseding", closed, lambda: sweep(database))
    fresh = [pair((closed + number) * step, step) for number in range(1, MOST_OPEN + 1)]
    say("a full queue, written", len(fresh), lambda: write(database, fresh))
    say("the same queue, found again", len(fresh), lambda: write(database, fresh))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE review_items, review_item_customers")
    each("a page of 20", database, lambda tx, n: list_review_items(tx, ItemsAsked(), 20, ""))
    each("a page of one kind", database, lambda tx, n: list_review_items(tx, ItemsAsked(kind=PAIR), 20, ""))
    each("a page of a confidence", database, lambda tx, n: list_review_items(tx, ItemsAsked(least=80, most=80), 20, ""))
    each(
        "the items of a customer",
        database,
        lambda tx, n: list_review_items(tx, ItemsAsked(customer_id=fresh[n].customer_ids[0]), 20, ""),
    )
    now = datetime.now(UTC)
    each("the figures", database, lambda tx, n: get_review_stats(tx, now - timedelta(30), now), calls=30)
    gone = [identifier(number) for number in range(1, 501)]
    each("500 customers that left, followed", database, lambda tx, n: review_endings.end_gone(tx, gone), calls=30)


def write(database: Database, items: list[NewItem]) -> None:
    """Write items as a scan does."""
    for start in range(0, len(items), AT_ONCE):
        with database.transaction(SCOPE) as tx:
            review_items.open_items(tx, items[start : start + AT_ONCE])


def sweep(database: Database) -> None:
    """Supersede all that no scan brought up."""
    more = True
    while more:
        with database.transaction(SCOPE) as tx:
            more = review_endings.end_unseen(tx, str(uuid.uuid4()), AT_ONCE)


def pair(number: int, step: int) -> NewItem:
    """A pair in question."""
    evidence = ItemEvidence(70 + number % 20, 2.5, "", ("phone", "name"), {"phone": "exact", "family": "other"})
    return NewItem(PAIR, (identifier(number), identifier(number + step)), evidence)


def identifier(number: int) -> str:
    """The id of a customer."""
    return f"00000000-0000-7000-8000-{number:012x}"


def say(what: str, items: int, run: Callable[[], None]) -> None:
    """Print how long something took, and this process's own part of it."""
    before, begun = cpu(), time.perf_counter()
    run()
    took = time.perf_counter() - begun
    print(f"{what:34} {items:>8} items {took:8.2f} s ({items / took:,.0f} a second; own CPU {cpu() - before:.2f} s)")


def each(what: str, database: Database, run: Callable[[Transaction, int], object], calls: int = CALLS) -> None:
    """Print the median and the 99th percentile of many transactions."""
    took = []
    for number in range(calls):
        begun = time.perf_counter()
        with database.transaction(SCOPE) as tx:
            run(tx, number)
        took.append((time.perf_counter() - begun) * 1_000)
    print(f"{what:34} p50 {statistics.median(took):7.2f} ms  p99 {statistics.quantiles(took, n=100)[98]:7.2f} ms")


def cpu() -> float:
    """Seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
