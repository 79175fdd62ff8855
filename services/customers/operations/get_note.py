"""Reads one note."""

from __future__ import annotations

from services.customers.domain.children import Child
from services.customers.domain.failures import NoteNotFound
from services.customers.operations import children
from services.customers.store.children import NOTES
from services.runtime.database import Transaction


def get_note(tx: Transaction, note_id: str) -> Child:
    """The note. Raises NoteNotFound, CustomerDeleted."""
    return children.read(tx, NOTES, note_id, NoteNotFound)
