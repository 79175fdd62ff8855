"""Adds a note to a customer; that of a merged one stays there, and its root shows it."""

from __future__ import annotations

from services.customers.domain.note import Note, check_note
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import actor_of
from services.customers.store import notes, records, trees
from services.customers.store.rows import Event
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id


def create_note(
    tx: Transaction, customer_id: str, *, type_: str, visibility: str, content: str
) -> tuple[Note, ChangeToken]:
    """Stores a note whose author is the caller. Raises FieldsInvalid, CustomerNotFound, CustomerDeleted."""
    check_note(customer_id, type_, visibility, content)
    stored = trees.read_tree(tx, customer_id)
    require_writable(tx, stored.root)
    note = Note(new_id(), customer_id.lower(), type_, visibility, content, actor_of(tx.scope), created_at=stored.now)
    notes.insert(tx, note)
    event = Event(note.origin_customer_id, "note_added", {"note_id": note.note_id, "type": type_})
    return note, records.add_events(tx, [event])
