"""Notes: kept by the customer that they were written for, listed for the whole tree."""

from __future__ import annotations

from typing import Any

from services.customers.domain.note import Note
from services.customers.domain.record import Actor
from services.runtime.database import Transaction

INSERT = """
INSERT INTO notes (company_id, note_id, origin_customer_id, type, visibility, content, author, author_name, created_at)
VALUES ((SELECT app_company()), %s, %s, %s, %s, %s, %s, %s, %s)
"""
PAGE = """
SELECT n.note_id::text, n.origin_customer_id::text, n.type, n.visibility, n.content, n.author, n.author_name,
       n.created_at
  FROM customers AS member
 CROSS JOIN LATERAL (
       SELECT * FROM notes
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = member.customer_id
          AND note_id < %(before)s::uuid
        ORDER BY note_id DESC LIMIT %(limit)s) AS n
 WHERE member.company_id = (SELECT app_company()) AND member.root_id = %(root_id)s::uuid
 ORDER BY n.note_id DESC LIMIT %(limit)s
"""
COUNT = """
SELECT coalesce(sum(t.children), 0)::bigint FROM customers AS member JOIN child_tallies AS t
    ON t.company_id = (SELECT app_company()) AND t.customer_id = member.customer_id AND t.kind = 'notes'
 WHERE member.company_id = (SELECT app_company()) AND member.root_id = %s::uuid
"""
NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def insert(tx: Transaction, note: Note) -> None:
    """Stores a note."""
    author = note.author
    row = (note.note_id, note.origin_customer_id, note.type, note.visibility, note.content, author.subject, author.name)
    tx.execute(INSERT, (*row, note.created_at))


def page(tx: Transaction, root_id: str, before: str, limit: int) -> list[Note]:
    """The notes of all members of a tree that are older than one, newest first."""
    rows = tx.rows(PAGE, {"root_id": root_id, "before": before or NEWEST, "limit": limit})
    return [_note(row) for row in rows]


def count(tx: Transaction, root_id: str) -> int:
    """How many notes the members of a tree have."""
    return int(tx.value(COUNT, (root_id,)))


def _note(row: dict[str, Any]) -> Note:
    author = Actor(row.pop("author"), row.pop("author_name"))
    return Note(author=author, **row)
