"""Records the conversation of a session once; the same session again adds what is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.customers.domain.conversation import (
    ConversationDraft,
    check_draft,
    check_size,
    new_interactions,
    placed,
)
from services.customers.domain.failures import ConversationConflict
from services.customers.domain.fields import Json
from services.customers.operations.conversation_writing import (
    CHANGED,
    RECORDED,
    Shown,
    announced,
    linkable,
    note_event,
    require_own_conversation,
)
from services.customers.operations.writing import actor_of, utc_now
from services.customers.store import conversations
from services.runtime.database import Transaction
from services.runtime.failures import FieldViolation
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id

DEFAULT_SOURCE = "AUTO_SYNC"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The conversation, and whether this call recorded it."""

    shown: Shown
    created: bool
    token: ChangeToken


def record_conversation(
    tx: Transaction, draft: ConversationDraft, customer_id: str, link_source: str, wrong: Sequence[FieldViolation] = ()
) -> Recorded:
    """Records a conversation, linked to a customer where one is named; `wrong` is what could not be read of it.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, ConversationConflict, ConversationTooLarge.
    """
    check_draft(draft, customer_id, link_source, wrong)
    conversations.lock_session(tx, draft.session_id)
    there = conversations.find_session(tx, draft.session_id, lock=True)
    if there is not None:
        return _recorded_again(tx, draft, there, customer_id, link_source or DEFAULT_SOURCE)
    conversation_id, now = new_id(), utc_now()
    link = _link(tx, customer_id, link_source or DEFAULT_SOURCE)
    conversations.insert(tx, conversation_id, draft, link, actor_of(tx.scope), now)
    conversations.add_interactions(tx, conversation_id, new_interactions([], placed(draft.interactions), now))
    written = announced(tx, conversation_id, RECORDED)
    check_size(written.shown)
    note_event(tx, written.shown["origin_customer_id"], "conversation_recorded", written.shown)
    return Recorded(written.shown, True, written.token)


def _recorded_again(
    tx: Transaction, draft: ConversationDraft, there: Shown, customer_id: str, link_source: str
) -> Recorded:
    require_own_conversation(tx, there)
    origin, conversation_id, now = there["origin_customer_id"], there["conversation_id"], utc_now()
    if customer_id and origin is not None and customer_id.lower() != origin:
        text = "The session is recorded with another customer. Move it with LinkConversation."
        raise ConversationConflict(text, metadata={"conversation_id": conversation_id, "customer_id": origin})
    newly_linked = bool(customer_id) and origin is None
    changes = {**_given_anew(draft, there), **(_link(tx, customer_id, link_source) if newly_linked else {})}
    turns = new_interactions(there["said"], placed(draft.interactions), now)
    if not (changes or turns):
        return Recorded(there, False, tx.change_token())
    conversations.change(tx, conversation_id, changes, now)
    conversations.add_interactions(tx, conversation_id, turns)
    written = announced(tx, conversation_id, CHANGED)
    check_size(written.shown)
    if newly_linked:
        note_event(tx, customer_id.lower(), "conversation_linked", there, source=link_source)
    return Recorded(written.shown, False, written.token)


def _link(tx: Transaction, customer_id: str, source: str) -> dict[str, Json]:
    if not customer_id:
        return conversations.unlinked()
    origin, now = linkable(tx, customer_id)
    return conversations.linked(origin, source, actor_of(tx.scope), now)


def _given_anew(draft: ConversationDraft, there: Mapping[str, Json]) -> dict[str, Json]:
    """What the chat says of the customer now and did not say so before; what it is silent about stays."""
    return {name: value for name, value in draft.given.items() if value and value != there[name]}
