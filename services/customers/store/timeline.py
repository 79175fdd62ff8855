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
from services.customers.domain.timeline import BEGINNING, END, KINDS, Place, TimelineEntry, TimelineQuestion
from services.runtime.database import Transaction

COUNTED = 10_000
# A merge, or an opt-out, is told of every member that it touched; of a tree that holds several it is shown once.
SHOWN_ONCE = """NOT coalesce(
            coalesce(data ->> 'shown_under', CASE WHEN type IN ('merged', 'merge_undone') THEN data ->> 'target_id' END
            )::uuid = ANY(array_remove(%(members)s::uuid[], origin_customer_id)), false)"""


@dataclass(frozen=True, slots=True)
class Source:
    """A table of entries: its time and key, the values that its index has before the time, and further conditions."""

    table: str
    time: str
    key: str
    facets: Mapping[str, tuple[str, ...]]
    where: str = "deleted_at IS NULL"


EVENTS = Source("events", "created_at", "event_id", {}, SHOWN_ONCE)
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
    if not question.asked_kinds():
        return 0, False
    unordered = replace(question, ascending=True)
    sql = f"SELECT count(*) FROM ({_union(unordered, ordered=False)} LIMIT %(limit)s) AS counted"
    found = int(tx.value(sql, {**_parameters(unordered, None), "limit": COUNTED + 1}))
    return min(found, COUNTED), found > COUNTED


def _order(question: TimelineQuestion) -> str:
    way = "ASC" if question.ascending else "DESC"
    return f"ORDER BY at {way}, kind {way}, id {way}"


def _union(question: TimelineQuestion, *, ordered: bool = True) -> str:
    return "\nUNION ALL\n".join(_part(question, kind, ordered) for kind in question.asked_kinds())


def _part(question: TimelineQuestion, kind: str, ordered: bool) -> str:
    source, name = SOURCES[kind], kind.lower()
    facets = _facets(question, kind)
    way, beyond = ("ASC", ">") if question.ascending else ("DESC", "<")
    asked = "".join(f" CROSS JOIN unnest(%({name}_{facet})s::text[]) AS of_{facet} (value)" for facet in facets)
    conditions = [
        "company_id = (SELECT app_company()) AND origin_customer_id = member.id",
        *(f"{facet} = of_{facet}.value" for facet in facets),
        f"({source.time}, {source.key}) {beyond} (%({name}_at)s::timestamptz, %({name}_id)s::uuid)",
        source.where,
    ]
    conditions += ["type NOT IN ('merged', 'merge_undone')"] if kind == "EVENT" and not facets else []
    conditions += [f"{source.time} >= %(start)s"] if question.start else []
    conditions += [f"{source.time} < %(end)s"] if question.end else []
    order = f"ORDER BY {source.time} {way}, {source.key} {way}" if ordered else ""
    return f"""SELECT one.at, {KINDS.index(kind)} AS kind, one.id, member.id AS origin
  FROM unnest(%(members)s::uuid[]) AS member (id){asked}
 CROSS JOIN LATERAL (
       SELECT {source.time} AS at, {source.key} AS id FROM {source.table}
        WHERE {" AND ".join(conditions)}
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
    place = after or (BEGINNING if question.ascending else END)
    given: dict[str, Any] = {"members": list(question.members), "start": question.start, "end": question.end}
    for kind in question.asked_kinds():
        name = kind.lower()
        given[f"{name}_at"], given[f"{name}_id"] = place.bound(KINDS.index(kind))
        given |= {f"{name}_{facet}": list(values) for facet, values in _facets(question, kind).items()}
    return given
