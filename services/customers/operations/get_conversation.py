"""Reads one conversation."""

from __future__ import annotations

from services.customers.domain.failures import ConversationNotFound
from services.customers.operations.conversation_writing import Shown
from services.customers.store import conversations
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation


def get_conversation(tx: Transaction, conversation_id: str, session_id: str) -> Shown:
    """A conversation with all that was said, by its id or by its session.

    Raises FieldsInvalid where not exactly one of the two is given, ConversationNotFound.
    """
    if bool(conversation_id) == bool(session_id):
        raise FieldsInvalid([FieldViolation("conversation_id", "is required, or session_id in its place")])
    if "\x00" in session_id:
        raise FieldsInvalid([FieldViolation("session_id", "holds a NUL character")])
    by_id = conversations.find(tx, conversation_id) if conversation_id else None
    shown = conversations.find_session(tx, session_id) if session_id else by_id
    if shown is None:
        raise ConversationNotFound(conversation_id or session_id)
    return shown
