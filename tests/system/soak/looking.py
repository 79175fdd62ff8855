"""What must hold after each step: of every row of the companies, and of what callers are shown of whom it was about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import psycopg

from patronage.analytics.v1 import metrics_service_pb2, sales_service_pb2
from patronage.customers.v1 import conversation_service_pb2, customer_service_pb2, note_service_pb2, preferences_pb2
from services.local.postgres import Postgres
from services.local.suite import SERVICES, Suite
from services.runtime.freshness import ChangeToken
from tests.faults.company import insist, until
from tests.system.soak.side import Done, Side, tried

OF_CUSTOMERS = """
SELECT company_id, customer_id::text, root_id::text, state, md5(own::text), md5(view::text), total_conversations
  FROM customers WHERE company_id = ANY(%s)
"""
OF_CHILDREN = """
SELECT company_id, 'note', note_id::text, origin_customer_id::text, content FROM notes
 WHERE company_id = ANY(%s) AND deleted_at IS NULL
UNION ALL
SELECT company_id, 'talk', conversation_id::text, origin_customer_id::text, interactions || ' ' || characters
  FROM conversations WHERE company_id = ANY(%s)
"""
OF_SALES = (
    "SELECT company_id, sale_id, origin_customer_id::text, net_minor, counts FROM sales WHERE company_id = ANY(%s)"
)
IN_MATCHING = "SELECT company_id, customer_id::text, root_id::text, state FROM match_records WHERE company_id = ANY(%s)"
IN_ANALYTICS = IN_MATCHING.replace("match_records", "customers_mirror")
Rows = Sequence[tuple[Any, ...]]


class Databases:
    """The three databases, read past their policies."""

    def __init__(self, suite: Suite) -> None:
        assert isinstance(suite.postgres, Postgres)
        urls = {name: suite.postgres.admin_url(f"patronage_{name}") for name in SERVICES}
        self._open = {name: psycopg.connect(url, autocommit=True) for name, url in urls.items()}

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()

    def rows(self, service: str, sql: str, *parameters: Any) -> Rows:
        return self._open[service].execute(cast(Any, sql), parameters).fetchall()


def look(databases: Databases, sides: Mapping[str, Side], side: Side, done: Done, *, closely: bool) -> None:
    """Everything that a step may have broken in any row; closely: and in what callers are shown of whom it touched."""
    wait_for_followers(databases, side)
    companies = list(sides)
    assert_rows(databases, sides, companies, side, done)
    assert_children(databases, sides, companies)
    for root in {side.model.root(customer) for customer in done.touched} if closely else ():
        assert_shown(side, root)


def wait_for_followers(databases: Databases, side: Side) -> None:
    """Returns when both have passed the last write."""
    if side.fresh:
        wanted = ChangeToken.parse(side.fresh).xid
        for service in ("matching", "analytics"):
            until(lambda service=service: _followed(databases, service) > wanted, f"{service} follows")  # type: ignore[misc]


def _followed(databases: Databases, service: str) -> int:
    [(horizon,)] = databases.rows(service, "SELECT horizon FROM follower_cursors")
    return int(horizon)


def assert_rows(databases: Databases, sides: Mapping[str, Side], companies: list[str], side: Side, done: Done) -> None:
    """Roots and states agree in all three; no record was written but by the step; what depends on nothing new is as
    it was; lists count the conversations of the tree."""
    rows = databases.rows("customers", OF_CUSTOMERS, companies)
    told = sorted(row[:4] for row in rows)
    assert told == sorted(
        (company, customer, one.model.root(customer), one.model.shown_state(customer))
        for company, one in sides.items()
        for customer in one.model.customers
    )
    assert sorted(databases.rows("matching", IN_MATCHING, companies)) == told
    assert sorted(databases.rows("analytics", IN_ANALYTICS, companies)) == told
    written = set(done.written)
    for company, customer, _, _, own, _, talks in rows:
        one = sides[company]
        known = one.model.own.get(customer)
        assert known == own or (one is side and customer in written), f"who wrote the record of {customer}?"
        one.model.own[customer] = own
        if customer not in one.model.above:
            assert talks == len(_talks_of(one, customer)), f"conversations in lists of {customer}"
    for company, customer, _, _, _, view, _ in rows:
        key = (*sides[company].model.view_key(customer), sides[company].model.shown_state(customer))
        assert sides[company].views.setdefault(key, view) == view, f"{customer} shows other things than before"


def assert_children(databases: Databases, sides: Mapping[str, Side], companies: list[str]) -> None:
    """Each child is there once, with the id that it was written for."""
    expected: list[tuple[Any, ...]] = []
    for company, side in sides.items():
        expected += [(company, "note", note, origin, content) for note, (origin, content) in side.model.notes.items()]
        expected += [
            (company, "talk", talk, known.origin, f"{len(known.turns)} {sum(known.turns)}")
            for talk, known in side.model.talks.items()
        ]
    found = databases.rows("customers", OF_CHILDREN, companies, companies)
    assert Counter(found) == Counter(expected), _difference(found, expected)
    sold = [
        (company, sale, known.origin, known.left, known.counts)
        for company, side in sides.items()
        for sale, known in side.model.sales.items()
    ]
    recorded = databases.rows("analytics", OF_SALES, companies)
    assert Counter((*row[:3], int(row[3]), row[4]) for row in recorded) == Counter(sold), _difference(recorded, sold)


def _difference(found: Iterable[tuple[Any, ...]], expected: Iterable[tuple[Any, ...]]) -> str:
    return f"too many: {Counter(found) - Counter(expected)}; missing: {Counter(expected) - Counter(found)}"


def assert_shown(side: Side, root: str) -> None:
    """A root shows what belongs to any member of its tree, under every id of it; a deleted one shows nothing."""
    tree, stubs = side.model.below(root), side.company
    asked_by = tree[len(side.model.notes) % len(tree)]
    got = _shown_or_hidden(
        side,
        root,
        stubs.customers.GetCustomer,
        customer_service_pb2.GetCustomerRequest(customer_id=asked_by),
        {"CUSTOMER_NOT_FOUND"},
    )
    if got is None:
        return
    assert got.customer.customer_id == root
    assert sorted(got.customer.merged_customer_ids) == sorted(set(tree) - {root})
    if len(tree) == 1:
        assert got.customer.name == side.model.named[root], "an edit stays on the side that it was made on"
    _assert_restricted(side, root, tree)
    notes = note_service_pb2.ListNotesRequest(customer_id=asked_by, page_size=1_000)
    listed = insist(stubs.notes.ListNotes, notes).notes
    mine = {note for note, (origin, _) in side.model.notes.items() if origin in tree}
    assert sorted(note.note_id for note in listed) == sorted(mine)
    _assert_talks(side, root, asked_by)
    _assert_sales(side, root, asked_by, tree)


def _assert_restricted(side: Side, root: str, tree: list[str]) -> None:
    """Whoever said no is not contacted, whatever was merged or undone since."""
    model = side.model
    if model.opted_out & set(tree) and not model.opted_in & set(tree):
        asked = preferences_pb2.GetPreferencesRequest(customer_id=root)
        assert insist(side.company.customers.GetPreferences, asked).preferences.do_not_contact


def _talks_of(side: Side, root: str) -> dict[str, list[int]]:
    tree = set(side.model.below(root))
    return {talk: known.turns for talk, known in side.model.talks.items() if known.origin in tree}


def _assert_talks(side: Side, root: str, asked_by: str) -> None:
    mine, stubs = _talks_of(side, root), side.company.talks
    asked = conversation_service_pb2.ListConversationsRequest(customer_id=asked_by, page_size=1_000)
    listed = insist(stubs.ListConversations, asked).conversations
    assert sorted(one.conversation_id for one in listed) == sorted(mine)
    metrics = insist(
        stubs.GetConversationMetrics, conversation_service_pb2.GetConversationMetricsRequest(customer_id=asked_by)
    ).metrics
    turns = [turn for turns in mine.values() for turn in turns]
    assert (metrics.total_conversations, metrics.total_interactions) == (len(mine), len(turns))
    assert round(metrics.average_interaction_length, 6) == round(sum(turns) / len(turns) if turns else 0, 6)


def _assert_sales(side: Side, root: str, asked_by: str, tree: list[str]) -> None:
    mine = {sale: known for sale, known in side.model.sales.items() if known.origin in tree}
    sales = sales_service_pb2.ListSalesRequest(customer_id=asked_by, page_size=1_000, at_least_as_fresh=side.fresh)
    listed = insist(side.company.sales.ListSales, sales).sales
    assert sorted(sale.sale_id for sale in listed) == sorted(mine)
    asked = metrics_service_pb2.GetCustomerMetricsRequest(customer_id=asked_by)
    metrics = insist(side.company.metrics.GetCustomerMetrics, asked).metrics
    assert metrics.customer_id == root
    counted: dict[str, tuple[int, int]] = {}
    for sold in mine.values():
        if sold.counts:
            purchases, minor = counted.get(sold.currency, (0, 0))
            counted[sold.currency] = (purchases + 1, minor + sold.left)
    kept = {
        total.total_spent.currency_code: (
            total.purchases,
            total.total_spent.units * 100 + total.total_spent.nanos // 10**7,
        )
        for total in metrics.totals
    }
    assert kept == counted
    assert metrics.total_purchases == sum(purchases for purchases, _ in counted.values())


def _shown_or_hidden(side: Side, customer: str, call: Any, request: Any, hidden: set[str]) -> Any:
    """The answer for a live customer; None for a deleted one, which must be hidden."""
    answer, refused = tried(call, request)
    if side.model.is_live(customer):
        assert not refused, f"{customer} is not shown: {refused}"
    else:
        assert refused in hidden, f"{customer} is deleted and shown: {refused or answer}"
    return answer
