"""Notes that came with the rows of an import: many in one statement, and the same text of a customer only once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from services.customers.domain.record import Actor
from services.customers.store.records import add_events
from services.customers.store.rows import Event
from services.runtime.database import Transaction

ADD = """
INSERT INTO notes (company_id, note_id, origin_customer_id, type, visibility, content, author, author_name, created_at,
                   updated_by, updated_by_name)
SELECT (SELECT app_company()), n.note_id, n.customer_id, 'GENERAL', 'INTERNAL', n.content, %(author)s, %(author_name)s,
       now() + n.place * interval '1 microsecond', %(author)s, %(author_name)s
  FROM json_to_recordset(%(notes)s) AS n (note_id uuid, customer_id uuid, content text, place integer)
ON CONFLICT (company_id, note_id) DO NOTHING
RETURNING note_id::text, origin_customer_id::text
"""


def add(tx: Transaction, notes: Sequence[tuple[str, str]], author: Actor) -> set[str]:
    """Stores notes by customer id and text; answers whose are new. A deleted one does not come back."""
    if not notes:
        return set()
    given = {
        _note_id(customer_id, content): {"customer_id": customer_id, "content": content, "place": place}
        for place, (customer_id, content) in enumerate(notes)
    }
    rows = json.dumps([{"note_id": note_id, **row} for note_id, row in given.items()])
    parameters = {"notes": rows, "author": author.subject, "author_name": author.name}
    added = tx.rows(ADD, parameters)
    if added:
        told = [
            Event(row["origin_customer_id"], "note_added", {"note_id": row["note_id"], "type": "GENERAL"})
            for row in added
        ]
        add_events(tx, told)
    return {row["origin_customer_id"] for row in added}


def _note_id(customer_id: str, content: str) -> str:
    """Follows from whose the note is and what it says, so that the same row again is the same note."""
    return str(uuid.uuid5(uuid.UUID(customer_id), content))
