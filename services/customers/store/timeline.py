"""The timeline of a tree: of each member and kind the next rows in order through an index, and of these the first.

What is asked for is composed of one part for each kind, which reads no more rows of a member than a page has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.customers.domain.activity import ACTIVITY_TYPES
from services.customers.domain.engagement import KINDS as ENGAGEMENT_KINDS
from services.customers.domain.note import NOTE_TYPES, VISIBILITIES
from services.customers.domain.timeline import KINDS, Place, TimelineEntry, TimelineQuestion
from services.runtime.database import Transaction

COUNTED = 10_000
# A merge, or an opt-out, is told of every member that it touched; of a tree that holds several it is shown once.
SHOWN_ELSEWHERE = """coalesce(
            coalesce(data ->> 'shown_under', CASE WHEN type IN ('merged', 'merge_undone') THEN data ->> 'target_id' END
            )::uuid = ANY(array_remove(%(members)s::uuid[], origin_customer_id)), false)"""
OFTEN_TOLD = ("merged", "merge_undone", "consent_changed")
"""The types of events that are told of every member that they touch."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table of entries: its time and key, the values that its index has before the time, and further conditions."""

    table: str
    time: str
    key: str
    facets: Mapping[str, tuple[str, ...]]
    where: str = "deleted_at IS NULL"


EVENTS = Source("events", "created_at", "event_id", {}, f"NOT {SHOWN_ELSEWHERE}")
SOURCES = {
    "EVENT": EVENTS,
    "MERGE": EVENTS,
    "ACTIVITY": Source("activities", "happened_at", "activity_id", {"type": ACTIVITY_TYPES}),
    "NOTE": Source("notes", "created_at", "note_id", {"type": NOTE_TYPES, "visibility": VISIBILITIES}),
    "CONVERSATION_SUMMARY": Source("conversations", "first_at", "conversation_id", {}, "summarized_at IS NOT NULL"),
    "ENGAGEMENT": Source("engagements", "created_at", "engagement_id", {"kind": ENGAGEMENT_KINDS}),
}
TREE = """
SELECT root.customer_id::text AS root_id, root.state, ARRAY(
       SELECT customer_id::text FROM customers WHERE company_id = (SELECT app_company()) AND root_id = asked.root_id
        ORDER BY customer_id) AS members
  FROM customers AS asked
 CROSS JOIN LATERAL (
       SELECT customer_id, state FROM customers
        WHERE company_id = (SELECT app_company()) AND customer_id = asked.root_id) AS root
 WHERE asked.company_id = (SELECT app_company()) AND asked.customer_id = %s::uuid
"""


@dataclass(frozen=True, slots=True)
class TreeSeen:
    """The ids of a tree, and the state of its root."""

    root_id: str
    state: str
    members: list[str]


KEEP_PLANS = "SET LOCAL plan_cache_mode = force_generic_plan"


def keep_plans(tx: Transaction) -> None:
    """Lets the transaction use plans for any values: they are the same for all, and to plan a page takes as long as to
    read it."""
    tx.execute(KEEP_PLANS)


def tree(tx: Transaction, customer_id: str) -> TreeSeen | None:
    """The tree that a customer is in; None where there is none."""
    row = tx.row(TREE, (customer_id,))
    return TreeSeen(**row) if row else None


def page(tx: Transaction, question: TimelineQuestion, after: Place | None, limit: int) -> list[TimelineEntry]:
    """The entries after a place, in the question's order."""
    order = _order(question)
    shown = "\n".join(f"           WHEN {KINDS.index(kind)} THEN ({_row(kind)})" for kind in question.asked_kinds())
    if not shown:
        return []
    sql = f"""
SELECT k.at, k.kind, k.id::text, k.origin::text, CASE k.kind
{shown} END
  FROM ({_union(question)} {order} LIMIT %(limit)s) AS k {order}"""
    rows = tx.execute(sql, {**_parameters(question, after), "limit": limit})
    return [TimelineEntry(Place(at.isoformat(), kind, key), origin, data) for at, kind, key, origin, data in rows]


def first(tx: Transaction, question: TimelineQuestion) -> datetime | None:
    """When the first entry in the question's order happened; None where there is none."""
    if not question.asked_kinds():
        return None
    sql = f"{_union(question)} {_order(question)} LIMIT %(limit)s"
    found: datetime | None = tx.value(sql, {**_parameters(question, None), "limit": 1})
    return found


def count(tx: Transaction, question: TimelineQuestion) -> tuple[int, bool]:
    """How many entries there are, counted to COUNTED, and whether there are more."""
    kinds = question.asked_kinds()
    if not kinds:
        return 0, False
    asked = replace(question, ascending=True)
    elsewhere = _elsewhere(tx, asked)
    parts = "\nUNION ALL\n".join(_part(asked, kind, counting=True) for kind in kinds)
    sql = f"SELECT count(*) FROM ({parts} LIMIT %(limit)s) AS counted"
    found = int(tx.value(sql, {**_parameters(asked, None), "limit": COUNTED + elsewhere + 1})) - elsewhere
    return min(found, COUNTED), found > COUNTED


def _elsewhere(tx: Transaction, question: TimelineQuestion) -> int:
    """How many events are not shown because another member shows them; by themselves, so that the count of all others
    reads nothing but an index."""
    kinds = [kind for kind in question.asked_kinds() if SOURCES[kind] is EVENTS]
    types = [name for kind in kinds for name in question.types_of(kind) or ("consent_changed",) if name in OFTEN_TOLD]
    if not types:
        return 0
    span = _span(EVENTS, question)
    sql = f"""
SELECT count(*) FROM unnest(%(members)s::uuid[]) AS member (id) CROSS JOIN unnest(%(types)s::text[]) AS asked (type)
 CROSS JOIN LATERAL (
       SELECT 1 FROM events
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = member.id AND type = asked.type
          AND {SHOWN_ELSEWHERE} {span} LIMIT %(limit)s) AS one"""
    return int(tx.value(sql, {**_parameters(question, None), "types": types, "limit": COUNTED}))


def _order(question: TimelineQuestion) -> str:
    way = "ASC" if question.ascending else "DESC"
    return f"ORDER BY at {way}, kind {way}, id {way}"


def _union(question: TimelineQuestion) -> str:
    return "\nUNION ALL\n".join(_part(question, kind) for kind in question.asked_kinds())


def _span(source: Source, question: TimelineQuestion) -> str:
    start = f" AND {source.time} >= %(start)s" if question.start else ""
    return start + (f" AND {source.time} < %(end)s" if question.end else "")


def _far_end(source: Source, question: TimelineQuestion) -> str:
    if question.ascending:
        return f" AND {source.time} < %(end)s" if question.end else ""
    return f" AND {source.time} >= %(start)s" if question.start else ""


def _part(question: TimelineQuestion, kind: str, *, counting: bool = False) -> str:
    """The next entries of a kind; to be counted they need no order, and hidden ones are counted apart."""
    source, name = SOURCES[kind], kind.lower()
    facets = _facets(question, kind)
    way, beyond = ("ASC", ">") if question.ascending else ("DESC", "<")
    asked = "".join(f" CROSS JOIN unnest(%({name}_{facet})s::text[]) AS of_{facet} (value)" for facet in facets)
    conditions = [
        "company_id = (SELECT app_company()) AND origin_customer_id = member.id",
        *(f"{facet} = of_{facet}.value" for facet in facets),
        *([] if counting and source is EVENTS else [source.where]),
    ]
    conditions += ["type NOT IN ('merged', 'merge_undone')"] if kind == "EVENT" and not facets else []
    span, order = _span(source, question), ""
    place = f"({source.time}, {source.key}) {beyond} (%({name}_at)s::timestamptz, %({name}_id)s::uuid)"
    if not counting:
        # An index is entered by one bound only: the place, which is never before the start of the span.
        conditions.append(place)
        span = _far_end(source, question)
        order = f"ORDER BY {source.time} {way}, {source.key} {way}"
    return f"""SELECT one.at, {KINDS.index(kind)} AS kind, one.id, member.id AS origin
  FROM unnest(%(members)s::uuid[]) AS member (id){asked}
 CROSS JOIN LATERAL (
       SELECT {source.time} AS at, {source.key} AS id FROM {source.table}
        WHERE {" AND ".join(conditions)}{span}
        {order} LIMIT %(limit)s) AS one"""


def _row(kind: str) -> str:
    """The whole row of an entry."""
    source = SOURCES[kind]
    by_key = f"company_id = (SELECT app_company()) AND {source.key} = k.id"
    by_time = " AND origin_customer_id = k.origin AND created_at = k.at" if source is EVENTS else ""
    return f"SELECT to_jsonb(r) FROM {source.table} AS r WHERE {by_key}{by_time}"


def _facets(question: TimelineQuestion, kind: str) -> Mapping[str, tuple[str, ...]]:
    if SOURCES[kind] is not EVENTS:
        return SOURCES[kind].facets
    types = tuple(question.types_of(kind))
    return {"type": types} if types else {}


def _parameters(question: TimelineQuestion, after: Place | None) -> dict[str, Any]:
    place = question.first_place(after)
    given: dict[str, Any] = {"members": list(question.members), "start": question.start, "end": question.end}
    for kind in question.asked_kinds():
        name = kind.lower()
        given[f"{name}_at"], given[f"{name}_id"] = place.bound(KINDS.index(kind))
        given |= {f"{name}_{facet}": list(values) for facet, values in _facets(question, kind).items()}
    return given
