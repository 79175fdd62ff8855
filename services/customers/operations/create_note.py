"""Adds a note to a customer; that of a merged one stays there, and its root shows it."""

from __future__ import annotations

from collections.abc import Mapping

from services.customers.domain.children import Child
from services.customers.domain.fields import Json
from services.customers.domain.note import DEFAULTS, check_note
from services.customers.operations import children
from services.customers.operations.children import SYSTEM
from services.customers.operations.guard import require_writable
from services.customers.store import records, trees
from services.customers.store.children import NOTES
from services.customers.store.rows import Event
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


def create_note(tx: Transaction, customer_id: str, draft: Mapping[str, Json]) -> tuple[Child, ChangeToken]:
    """Stores a note whose author is the caller. Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord.

    A draft has `content` and may have `type` and `visibility`, each by its short name.
    """
    note = {**DEFAULTS, **draft}
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check_note(check, note)
    check.raise_if_any()
    require_writable(tx, trees.read_tree(tx, customer_id).root)
    stored = children.add(tx, NOTES, customer_id, {**note, "automatic": False, "conversation_id": None})
    return stored, records.add_events(tx, [note_event("note_added", stored)])


def create_system_note(tx: Transaction, customer_id: str, conversation_id: str, content: str) -> Child:
    """Stores what the service itself has to say of a conversation, such as a summary of 1 to 2,000 characters."""
    note = {**DEFAULTS, "content": content, "automatic": True, "conversation_id": conversation_id}
    stored = children.add(tx, NOTES, customer_id, note, SYSTEM)
    records.add_events(tx, [note_event("note_added", stored)])
    return stored


def note_event(kind: str, note: Child) -> Event:
    """The entry of the timeline that says what happened to a note."""
    return Event(note["origin_customer_id"], kind, {"note_id": note["note_id"], "type": note["type"]})
