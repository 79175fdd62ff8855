"""Adds interactions to a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.conversation import Interaction, check_interactions, check_size, new_interactions
from services.customers.operations.conversation_writing import Written, announced, locked
from services.customers.operations.writing import utc_now
from services.customers.store import conversations
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck, FieldViolation


def append_to_conversation(
    tx: Transaction, conversation_id: str, interactions: Sequence[Interaction], wrong: Sequence[FieldViolation] = ()
) -> Written:
    """Adds those interactions that are not there yet; where there is none of them nothing is written.

    `wrong` is what could not be read of them.

    Raises FieldsInvalid, ConversationNotFound, NotOwnRecord, ConversationConflict, ConversationTooLarge.
    """
    check = FieldCheck()
    check.violations.extend(wrong)
    check.require(conversation_id, "conversation_id", "is required")
    check.require(interactions, "interactions", "takes at least one")
    check_interactions(check, "interactions", interactions)
    check.raise_if_any()
    there, now = locked(tx, conversation_id), utc_now()
    turns = new_interactions(there["said"], interactions, now)
    if not turns:
        return Written(there, tx.change_token())
    conversations.change(tx, there["conversation_id"], {}, now)
    conversations.add_interactions(tx, there["conversation_id"], turns)
    written = announced(tx, there["conversation_id"])
    check_size(written.shown)
    return written
