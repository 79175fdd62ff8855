"""Deletes a conversation for good."""

from __future__ import annotations

from services.customers.operations.conversation_writing import locked, note_event
from services.customers.store import conversations
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken


def delete_conversation(tx: Transaction, conversation_id: str, etag: str = "") -> ChangeToken:
    """Deletes a conversation with all that was said. Raises FieldsInvalid, ConversationNotFound, NotOwnRecord,
    EtagMismatch.
    """
    there = locked(tx, conversation_id, etag)
    conversations.delete(tx, there)
    note_event(tx, there["origin_customer_id"], "conversation_deleted", there)
    return tx.change_token()
