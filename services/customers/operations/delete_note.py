"""Deletes a note softly: it is hidden, and what it said stays in the audit log."""

from __future__ import annotations

from services.customers.domain.failures import NoteNotFound
from services.customers.operations import children
from services.customers.operations.create_note import note_event
from services.customers.store import records
from services.customers.store.children import NOTES
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken


def delete_note(tx: Transaction, note_id: str, etag: str) -> ChangeToken:
    """Hides the note; one that is hidden already stays so. Raises NoteNotFound, CustomerDeleted, NotOwnRecord,
    EtagMismatch."""
    note = children.locked(tx, NOTES, note_id, etag, NoteNotFound)
    if note["deleted_at"] is not None:
        return tx.change_token()
    children.remove(tx, NOTES, note)
    return records.add_events(tx, [note_event("note_deleted", note)])
