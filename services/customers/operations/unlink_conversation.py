"""Takes a conversation from its customer."""

from __future__ import annotations

from services.customers.operations.conversation_writing import Written, announced, locked, note_event
from services.customers.operations.writing import utc_now
from services.customers.store import conversations
from services.runtime.database import Transaction


def unlink_conversation(tx: Transaction, conversation_id: str, etag: str = "") -> Written:
    """Makes a conversation an orphan; one that is an orphan already stays as it is.

    Raises FieldsInvalid, ConversationNotFound, NotOwnRecord, EtagMismatch.
    """
    there = locked(tx, conversation_id, etag)
    if there["origin_customer_id"] is None:
        return Written(there, tx.change_token())
    origin = there["origin_customer_id"]
    conversations.change(tx, there["conversation_id"], conversations.unlinked(origin), utc_now())
    note_event(tx, origin, "conversation_unlinked", there)
    return announced(tx, there["conversation_id"])
