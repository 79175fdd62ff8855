"""Demo owns `patronage demo`: the whole suite on example data, as a report that can be read."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from patronage.matching.v1 import matching_service_pb2
from services.cli.client import Client, connected
from services.cli.context import Context
from services.cli.dedupe_input import read_customers
from services.cli.demo_merge import merge_and_undo
from services.cli.demo_sales import record_sales, show_sales
from services.cli.duplicates import groups, scan_company
from services.cli.explain import waterfall
from services.cli.failures import CommandFailure
from services.cli.import_customers import COUNTS, OnDuplicate, send
from services.cli.shown import output, table
from services.cli.stages import showing_progress
from services.local.failures import LocalError
from services.local.suite import Suite

EXAMPLE = Path(__file__).parents[2] / "examples" / "customers.csv"
BEST_GROUPS = 10


def demo(
    source_file: Annotated[Path, typer.Argument(metavar="IN", help="Customers as CSV or Parquet.")] = EXAMPLE,
) -> None:
    """Start everything, import a file, find duplicates, merge, undo, count sales, and end without a trace."""
    console, begun = output(), time.monotonic()
    customers = read_customers(source_file, {})
    try:
        with Suite(durable=False, database_url=os.environ.get("PATRONAGE_DATABASE_URL", "")) as suite:
            console.print(f"Three services on {suite.postgres.describe()}, {_since(begun)}.", highlight=False)
            found = suite.context()
            with connected(Context(found, found["token"])) as client, showing_progress() as progress:
                imported = send(client, customers, "example", OnDuplicate.ALLOW, progress)
                counts = [(name, getattr(imported.counts, name)) for name in COUNTS]
                console.print(table(f"1. Imported {source_file.name}", ("rows", "number"), counts))
                scan = scan_company(client, None, progress)
                _tell(client, console, scan)
    except LocalError as error:
        raise CommandFailure(str(error)) from error
    console.print(f"Everything is stopped again. The whole story took {_since(begun)}.")


def _tell(client: Client, console: Console, scan: matching_service_pb2.Scan) -> None:
    best = list(groups(client, BEST_GROUPS))
    if not best:
        raise CommandFailure("the scan found no duplicates; the demo needs a file that has some")
    title = (
        f"2. {scan.customers} customers scanned, {scan.pairs_compared} pairs compared, {scan.groups} groups found;"
        f" the best {len(best)}"
    )
    rows = [row for number, group in enumerate(best, 1) for row in _group_rows(client, number, group)]
    console.print(table(title, ("group", "confidence", "name", "e-mail", "phone", "why"), rows))
    first = best[0]
    master, other = first.members[0].customer_id, first.members[1].customer_id
    explanation = _explained(client, master, other)
    columns = ("comparison", "left", "right", "level", "bits", "rarity")
    console.print(table("3. Why the first two are one, in bits of evidence", columns, waterfall(explanation)))
    merge_and_undo(client, console, master, other)
    record_sales(client, [member.customer_id for group in best for member in group.members])
    show_sales(client, console)


def _group_rows(client: Client, number: int, group: matching_service_pb2.DuplicateGroup) -> list[tuple[object, ...]]:
    master = group.members[0].customer_id
    rows: list[tuple[object, ...]] = []
    for place, member in enumerate(group.members):
        why = "" if place == 0 else _reasons(_explained(client, master, member.customer_id))
        first = (number, group.confidence) if place == 0 else ("", "")
        rows.append((*first, member.name, member.email, member.phone, why))
    return rows


def _explained(client: Client, left: str, right: str) -> matching_service_pb2.Explanation:
    request = matching_service_pb2.ExplainMatchRequest(left_id=left, right_id=right)
    return client.matching.ExplainMatch(request).explanation


def _reasons(explanation: matching_service_pb2.Explanation) -> str:
    """What speaks for a match, strongest first."""
    weighed = sorted(
        ((found.weight + found.term_frequency_adjustment, found) for found in explanation.comparisons),
        key=lambda pair: -pair[0],
    )
    return ", ".join(f"{found.comparison} {found.level} {bits:+.1f}" for bits, found in weighed if bits > 0)


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:.1f} s"
