"""`make load`: mixed calls on the matching service at 80 % of what it can do, for two minutes; fails on any error.

Run: make load ARGS="[--rows 20000] [--minutes 2] [--share 0.8] [--users 8] [--output FOLDER]"

A suite of its own is started on loopback with generated customers, scanned once, measured briefly as fast as it goes,
and then loaded at the share of that. Errors, or memory that grows, end it with 1. The page of it is load.html in the
folder, and locust's own beside it.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from patronage.customers.v1 import listing_pb2
from services.cli.client import Client, connected
from services.cli.context import Context
from services.cli.dedupe_input import Customers
from services.cli.duplicates import groups, scan_company
from services.cli.import_customers import OnDuplicate, send
from services.local.suite import Suite
from tests.benchmarks.generated import COLUMNS, generate
from tests.load.memory import Memory
from tests.load.plan import Plan
from tests.load.report import load_page
from tests.load.runs import Calls, Run, run

MOST_IDS = 5_000
MEASURE_S = 15
MAY_GROW_MIB, MAY_GROW = 16.0, 0.05
"""Memory is flat when it grows by no more than either between the second fifth of the time and the last."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when there was no error and memory stayed flat, else 1."""
    chosen = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="patronage-load-"))
    folder.chmod(0o711)
    try:
        with Suite(folder / "suite") as suite:
            plan = _prepared(suite, chosen.rows)
            plan.write(folder / "plan.json")
            return _loaded(suite, folder, chosen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("--rows", type=int, default=20_000, help="customers of the company")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long the load lasts")
    parser.add_argument("--share", type=float, default=0.8, help="of the measured maximum")
    parser.add_argument("--users", type=int, default=8, help="callers at once")
    parser.add_argument("--output", type=Path, default=Path(".build/load"), help="where the pages go")
    return parser


def _prepared(suite: Suite, rows: int) -> Plan:
    """Import generated customers, scan them, and choose what to ask about."""
    made = generate(rows)
    table = made.table()
    context = suite.context()
    with connected(Context(context, context["token"])) as client:
        customers = Customers(table["id"], {name: table[name] for name in COLUMNS}, None)
        imported = send(client, customers, "load", OnDuplicate.ALLOW, lambda stage, done: None)
        scan = scan_company(client, None, lambda stage, done: None)
        print(f"{imported.counts.read:,} customers imported, {scan.customers:,} scanned", flush=True)
        pairs = [(group.members[0].customer_id, group.members[1].customer_id) for group in groups(client, 1_000)]
        return Plan(context["matching"], context["token"], _ids(client), pairs, made.rows[:MOST_IDS])


def _ids(client: Client) -> list[str]:
    found: list[str] = []
    token = ""
    while len(found) < MOST_IDS:
        request = listing_pb2.ListCustomersRequest(page_size=1_000, page_token=token)
        page = client.customers.ListCustomers(request)
        found += [customer.customer_id for customer in page.customers]
        token = page.next_page_token
        if not token:
            break
    return found


def _loaded(suite: Suite, folder: Path, chosen: argparse.Namespace) -> int:
    plan = folder / "plan.json"
    fastest = run(plan, folder / "fastest", chosen.users, MEASURE_S)
    most = fastest.total.per_second
    print(_line("as fast as it goes", fastest.total), flush=True)
    seconds = max(round(chosen.minutes * 60), 5)
    with Memory(suite.services["matching"].process.pid) as memory:
        callers = 2 * chosen.users  # a slow answer of one then delays less of the rate
        found = run(plan, folder / "loaded", callers, seconds, most * chosen.share / callers)
    for one in [*found.kinds, found.total]:
        print(_line(one.name, one), flush=True)
    chosen.output.mkdir(parents=True, exist_ok=True)
    settled = memory.settled()
    (chosen.output / "load.html").write_text(load_page(found, most, memory.samples, settled), encoding="utf-8")
    shutil.copy(folder / "loaded" / "report.html", chosen.output / "locust.html")
    print(f"pages: {chosen.output / 'load.html'}, {chosen.output / 'locust.html'}")
    return _verdict(fastest, found, settled)


def _verdict(fastest: Run, found: Run, settled: tuple[float, float]) -> int:
    begun, ended = settled
    grows = ended - begun > max(MAY_GROW_MIB, MAY_GROW * begun)
    print(f"memory of the service: {begun:,.0f} MiB, at the end {ended:,.0f} MiB; {'it grows' if grows else 'flat'}")
    errors = [*fastest.failures, *found.failures]
    print(f"errors: {fastest.total.failures + found.total.failures:,}; p99 {found.total.p99:,.0f} ms")
    for error in errors:
        print(f"  {error}")
    return 1 if errors or grows or not found.total.calls else 0


def _line(what: str, one: Calls) -> str:
    return (
        f"{what:<22}{one.calls:>9,} calls{one.failures:>6,} errors{one.per_second:>9,.1f} a second"
        f"{one.p50:>7,.0f} ms p50{one.p99:>7,.0f} ms p99"
    )


if __name__ == "__main__":
    sys.exit(main())
