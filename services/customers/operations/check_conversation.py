"""Says whether a conversation could be recorded, by the checks of recording it, and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.conversation import (
    ConversationDraft,
    check_draft,
    check_size,
    new_interactions,
    placed,
    size_with,
)
from services.customers.operations.conversation_writing import Shown, require_own_conversation
from services.customers.operations.writing import utc_now
from services.customers.store import conversations
from services.runtime.database import Transaction
from services.runtime.failures import FieldViolation


def check_conversation(tx: Transaction, draft: ConversationDraft, wrong: Sequence[FieldViolation] = ()) -> Shown | None:
    """The conversation of the session as it is, None for a new one; `wrong` is what could not be read of the draft.

    Raises FieldsInvalid, NotOwnRecord, ConversationConflict, ConversationTooLarge as recording does.
    """
    check_draft(draft, "", "", wrong)
    there = conversations.find_session(tx, draft.session_id)
    if there is not None:
        require_own_conversation(tx, there)
    turns = new_interactions(there["said"] if there else [], placed(draft.interactions), utc_now())
    if turns:
        check_size(size_with(there, turns))
    return there
