"""Children of customers: rows of three tables of one shape, kept by their origin and listed for a whole tree.

A list reads, of each member of the tree and each value of the columns that its index begins with, the next rows in
order and no more, so that it costs the same however many children there are and however rare a value is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.customers.domain.activity import ACTIVITY_TYPES
from services.customers.domain.children import Child
from services.customers.domain.engagement import KINDS
from services.customers.domain.fields import Json
from services.customers.domain.note import NOTE_TYPES, VISIBILITIES
from services.customers.domain.timeline import FIRST_ID, LAST_ID
from services.runtime.database import Transaction

COUNTED = 10_000
LAST = ("infinity", LAST_ID)


@dataclass(frozen=True, slots=True)
class ChildTable:
    """A table of children: its key, the time that it is listed by, and what its index has between origin and time."""

    name: str
    key: str
    time: str
    facets: Mapping[str, Sequence[str]]
    columns: tuple[str, ...]

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column but the company's, in the order of writing."""
        return (self.key, "origin_customer_id", *self.columns, *COMMON)


COMMON = ("author", "author_name", "created_at", "updated_at", "updated_by", "updated_by_name")
NOTES = ChildTable(
    "notes",
    "note_id",
    "created_at",
    {"type": NOTE_TYPES, "visibility": VISIBILITIES},
    ("type", "visibility", "content", "automatic", "conversation_id"),
)
ACTIVITIES = ChildTable(
    "activities",
    "activity_id",
    "happened_at",
    {"type": ACTIVITY_TYPES},
    ("type", "title", "description", "happened_at", "automatic", "engagement_id"),
)
ENGAGEMENTS = ChildTable(
    "engagements",
    "engagement_id",
    "created_at",
    {"kind": KINDS},
    (
        *("kind", "status", "title", "description", "value_minor", "currency"),
        *("converted_from", "scheduled_at", "status_at"),
    ),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which children of a tree: values of columns (all where none are named), and a span of time, its end left out."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None


def insert(tx: Transaction, table: ChildTable, values: Mapping[str, Json]) -> Child:
    """Stores a child and gives it as stored."""
    columns = ", ".join(table.all_columns)
    given = ", ".join(f"%({column})s" for column in table.all_columns)
    sql = f"""
INSERT INTO {table.name} AS c (company_id, revision, {columns}) VALUES ((SELECT app_company()), 1, {given})
ON CONFLICT (company_id, {table.key}) DO NOTHING
RETURNING to_jsonb(c)"""
    found: Child = tx.value(sql, values)
    return found


def update(tx: Transaction, table: ChildTable, child_id: str, values: Mapping[str, Json]) -> Child:
    """Sets some columns of a child and gives it as stored."""
    changes = ", ".join(f"{column} = %({column})s" for column in values)
    sql = f"""
UPDATE {table.name} AS c SET revision = revision + 1, {changes}
 WHERE company_id = (SELECT app_company()) AND {table.key} = %(child_id)s::uuid
RETURNING to_jsonb(c)"""
    found: Child = tx.value(sql, {**values, "child_id": child_id})
    return found


def find(tx: Transaction, table: ChildTable, child_id: str, *, lock: bool = False) -> Child | None:
    """A child by its id, deleted or not; None where there is none."""
    sql = f"""
SELECT to_jsonb(c) FROM {table.name} AS c
 WHERE company_id = (SELECT app_company()) AND {table.key} = %s::uuid {"FOR UPDATE" if lock else ""}"""
    found: Child | None = tx.value(sql, (child_id,))
    return found


def page(
    tx: Transaction, table: ChildTable, root_id: str, wanted: Wanted, before: Sequence[str] | None, limit: int
) -> list[Child]:
    """The children of all members of a tree that come after a position, the latest first."""
    at, child_id = _nearer(before or LAST, wanted.end)
    sql = f"""
SELECT to_jsonb(c) FROM (
    SELECT one.* {_from(table, wanted)}
    CROSS JOIN LATERAL (
          SELECT * FROM {table.name}
           WHERE {_where(table, replace(wanted, end=None))}
             AND ({table.time}, {table.key}) < (%(at)s::timestamptz, %(child_id)s::uuid)
           ORDER BY {table.time} DESC, {table.key} DESC LIMIT %(limit)s) AS one
    WHERE {_OF_TREE}
    ORDER BY one.{table.time} DESC, one.{table.key} DESC LIMIT %(limit)s) AS c
 ORDER BY c.{table.time} DESC, c.{table.key} DESC"""
    given = {**_parameters(table, root_id, wanted), "at": at, "child_id": child_id, "limit": limit}
    return [row[0] for row in tx.execute(sql, given)]


def _nearer(before: Sequence[str], end: datetime | None) -> Sequence[str]:
    """The earlier of a position and the end of a span: an index is entered by one bound only."""
    if end is None or (before is not LAST and datetime.fromisoformat(before[0]) < end):
        return before
    return (end.isoformat(), FIRST_ID)


def count(tx: Transaction, table: ChildTable, root_id: str, wanted: Wanted) -> tuple[int, bool]:
    """How many children the members of a tree have, counted to COUNTED, and whether there are more."""
    sql = f"""
SELECT count(*) FROM (
    SELECT 1 {_from(table, wanted)}
    CROSS JOIN LATERAL (SELECT 1 FROM {table.name} WHERE {_where(table, wanted)} LIMIT %(limit)s) AS one
    WHERE {_OF_TREE} LIMIT %(limit)s) AS counted"""
    found = int(tx.value(sql, {**_parameters(table, root_id, wanted), "limit": COUNTED + 1}))
    return min(found, COUNTED), found > COUNTED


_OF_TREE = "member.company_id = (SELECT app_company()) AND member.root_id = %(root_id)s::uuid"


def _from(table: ChildTable, wanted: Wanted) -> str:
    facets = "".join(f" CROSS JOIN unnest(%({name})s::text[]) AS of_{name} (value)" for name in table.facets)
    return f"FROM customers AS member{facets}"


def _where(table: ChildTable, wanted: Wanted) -> str:
    conditions = [
        "company_id = (SELECT app_company())",
        "origin_customer_id = member.customer_id",
        *(f"{name} = of_{name}.value" for name in table.facets),
        *(f"{name} = ANY(%({name})s::text[])" for name in _named(wanted) if name not in table.facets),
        "deleted_at IS NULL",
    ]
    conditions += [f"{table.time} >= %(start)s"] if wanted.start else []
    conditions += [f"{table.time} < %(end)s"] if wanted.end else []
    return " AND ".join(conditions)


def _parameters(table: ChildTable, root_id: str, wanted: Wanted) -> dict[str, Any]:
    given = {name: list(values) for name, values in {**table.facets, **_named(wanted)}.items()}
    return {"root_id": root_id, "start": wanted.start, "end": wanted.end, **given}


def _named(wanted: Wanted) -> Mapping[str, Sequence[str]]:
    return {name: values for name, values in wanted.values.items() if values}
