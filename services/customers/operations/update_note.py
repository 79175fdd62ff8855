"""Changes a note that people wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.children import Child, differs, named_paths
from services.customers.domain.failures import NoteNotFound, WrittenBySystem
from services.customers.domain.fields import Json
from services.customers.domain.note import WRITABLE, check_note, with_changes
from services.customers.operations import children
from services.customers.operations.create_note import note_event
from services.customers.store import records
from services.customers.store.children import NOTES
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


def update_note(
    tx: Transaction, note_id: str, draft: Mapping[str, Json], mask: Sequence[str], etag: str
) -> tuple[Child, ChangeToken]:
    """Sets the named fields; what changes nothing writes nothing.

    Raises FieldsInvalid, NoteNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch, WrittenBySystem.
    """
    paths = named_paths("Note", draft, mask, WRITABLE)
    note = children.locked(tx, NOTES, note_id, etag, NoteNotFound)
    if note["deleted_at"] is not None:
        raise NoteNotFound(note_id)
    wanted = with_changes(note, draft, paths)
    check = FieldCheck()
    check_note(check, wanted)
    check.raise_if_any()
    if not differs(note, wanted):
        return note, tx.change_token()
    if note["automatic"]:
        raise WrittenBySystem("note", note["note_id"])
    stored = children.change(tx, NOTES, note, wanted)
    return stored, records.add_events(tx, [note_event("note_changed", stored)])
