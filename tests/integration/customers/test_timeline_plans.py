"""Pages of a timeline, and of children, read little more than the page however many rows a tree has."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.customers.domain.timeline import MERGES, OF_EVENTS, Place, TimelineQuestion
from services.customers.store import children, timeline
from services.customers.store.children import ACTIVITIES, ENGAGEMENTS, NOTES, Wanted
from services.runtime.database import Database, TenantScope, Transaction
from tests.benchmarks.timeline_fill import MEMBERS, RARE, fill
from tests.fixtures.databases import Databases

ROWS, PAGE = 30_000, 21
HALF = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=ROWS // 2)
DEEP = Place(HALF.isoformat(), 3, "80000000-0000-7000-8000-000000000000")


@pytest.fixture(scope="module")
def tree(databases: Databases) -> Iterator[tuple[Transaction, str]]:
    """A transaction of a company with a tree of many entries, beside another company with as many."""
    made = databases.of_service("customers")
    fill(made.admin_url, "other", ROWS)
    root = fill(made.admin_url, "acme", ROWS)
    database = Database(made.runtime_url, application_name="plans", idle_in_transaction_ms=0)
    with database.transaction(TenantScope("acme")) as opened:
        yield opened, root
    database.close()
    databases.leave(made.name)


class Planned:
    """Stands in the place of a transaction and keeps what its statements read."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.read = self.removed = 0.0
        self.scans: set[str] = set()

    def execute(self, sql: str, parameters: Any) -> Any:
        self._explain(sql, parameters)
        return self._tx.execute(sql, parameters)

    def value(self, sql: str, parameters: Any) -> Any:
        self._explain(sql, parameters)
        return self._tx.value(sql, parameters)

    def _explain(self, sql: str, parameters: Any) -> None:
        self._take(self._tx.value(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)[0]["Plan"])

    def _take(self, plan: Mapping[str, Any]) -> None:
        if plan.get("Relation Name", "customers") != "customers":  # of those there are too few for an index
            self.scans.add(plan["Node Type"])
            self.read += plan["Actual Rows"] * plan["Actual Loops"]
            self.removed += plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"]
        for child in plan.get("Plans", ()):
            self._take(child)


def asked(tx: Transaction, root: str, **question: Any) -> TimelineQuestion:
    seen = timeline.tree(tx, root)
    assert seen is not None
    assert len(seen.members) == MEMBERS
    return TimelineQuestion(seen.members, **question)


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("after", [None, DEEP])
@pytest.mark.parametrize(
    "question",
    [
        {},
        {"kinds": ("NOTE",)},
        {"kinds": ("ACTIVITY", "ENGAGEMENT")},
        {"kinds": ("MERGE",)},
        {"event_types": ("updated",), "kinds": ("EVENT",)},
        {"event_types": (RARE,), "kinds": ("EVENT", "MERGE")},
        {"start": HALF - timedelta(hours=1), "end": HALF + timedelta(hours=1)},
    ],
    ids=str,
)
def test_a_page_reads_of_each_member_and_kind_no_more_than_the_page(
    tree: tuple[Transaction, str], question: dict[str, Any], after: Place | None, ascending: bool
) -> None:
    tx, root = tree
    planned = Planned(tx)
    wanted = asked(tx, root, ascending=ascending, **question)
    found = timeline.page(planned, wanted, after, PAGE)  # type: ignore[arg-type]
    assert planned.scans <= {"Index Scan", "Index Only Scan"}
    assert planned.read <= PAGE * MEMBERS * len(wanted.asked_kinds()) + PAGE
    assert planned.removed <= PAGE
    assert found or set(wanted.asked_kinds()) == {"MERGE"} or RARE in wanted.event_types


def test_a_type_of_event_that_is_there_once_is_found_at_once(tree: tuple[Transaction, str]) -> None:
    tx, root = tree
    planned = Planned(tx)
    question = asked(tx, root, event_types=(RARE,), kinds=("EVENT",))
    [entry] = timeline.page(planned, question, None, PAGE)  # type: ignore[arg-type]
    assert (entry.shown["type"], planned.read, planned.removed) == (RARE, 2, 0)
    assert timeline.count(tx, question) == (1, False)
    assert timeline.page(tx, asked(tx, root, event_types=MERGES, kinds=OF_EVENTS), None, PAGE) == []


def test_a_count_stops_above_ten_thousand(tree: tuple[Transaction, str]) -> None:
    tx, root = tree
    planned = Planned(tx)
    assert timeline.count(planned, asked(tx, root)) == (10_000, True)  # type: ignore[arg-type]
    assert planned.read <= 10_001 + MEMBERS
    assert timeline.count(tx, asked(tx, root, kinds=("NOTE",))) == (ROWS // 10, False)


@pytest.mark.parametrize("table", [NOTES, ACTIVITIES, ENGAGEMENTS], ids=lambda table: table.name)
@pytest.mark.parametrize("deep", [False, True])
def test_a_page_of_children_reads_no_more_of_a_member_than_the_page(
    tree: tuple[Transaction, str], table: children.ChildTable, deep: bool
) -> None:
    tx, root = tree
    planned = Planned(tx)
    after = [DEEP.at, DEEP.entry_id] if deep else None
    found = children.page(planned, table, root, Wanted(), after, PAGE)  # type: ignore[arg-type]
    assert len(found) == PAGE
    assert planned.scans <= {"Index Scan", "Index Only Scan"}
    facets = 1
    for values in table.facets.values():
        facets *= len(values)
    assert planned.read <= PAGE * MEMBERS + MEMBERS * facets
    assert planned.removed == 0


def test_children_of_a_value_that_nobody_has_are_not_searched_for(tree: tuple[Transaction, str]) -> None:
    tx, root = tree
    planned = Planned(tx)
    shared = Wanted({"visibility": ["SHARED"]})
    assert children.page(planned, NOTES, root, shared, None, PAGE) == []  # type: ignore[arg-type]
    assert planned.read <= MEMBERS * len(NOTES.facets["type"])
    assert planned.removed == 0
