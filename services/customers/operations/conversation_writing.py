"""What every change of a conversation begins and ends with: found under lock, allowed, announced as it is then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.conversation import etag_of
from services.customers.domain.failures import ConversationNotFound, NotOwnRecord
from services.customers.domain.fields import Json
from services.customers.operations.guard import require_own, require_writable
from services.customers.store import conversations, records, trees
from services.customers.store.rows import Event
from services.runtime.database import Transaction
from services.runtime.failures import EtagMismatch, FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken

RECORDED, CHANGED = "CONVERSATION_RECORDED", "CONVERSATION_CHANGED"
Shown = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Written:
    """A conversation after a change, and the token of it."""

    shown: Shown
    token: ChangeToken


def locked(tx: Transaction, conversation_id: str, etag: str = "") -> Shown:
    """A conversation that the caller may change, kept from others until the transaction ends.

    Raises FieldsInvalid, ConversationNotFound, NotOwnRecord, EtagMismatch.
    """
    require_conversation_id(conversation_id)
    shown = conversations.find(tx, conversation_id, lock=True)
    if shown is None:
        raise ConversationNotFound(conversation_id)
    require_changeable(tx, shown, etag)
    return shown


def require_conversation_id(conversation_id: str) -> None:
    """Raises FieldsInvalid where no conversation is named."""
    if not conversation_id:
        raise FieldsInvalid([FieldViolation("conversation_id", "is required")])


def require_changeable(tx: Transaction, shown: Mapping[str, Json], etag: str) -> None:
    """Raises NotOwnRecord where the conversation is another's, EtagMismatch where it is not as it was read."""
    require_own_conversation(tx, shown)
    if etag and etag != etag_of(shown["conversation_id"], shown["revision"]):
        text = "The conversation changed since it was read; read it again."
        raise EtagMismatch(text, metadata={"conversation_id": shown["conversation_id"]})


def require_own_conversation(tx: Transaction, shown: Mapping[str, Json]) -> None:
    """Raises NotOwnRecord where the caller may change only what it created, and this is another's."""
    if not tx.scope.own_only:
        return
    origin = shown["origin_customer_id"]
    if origin is not None:
        require_own(tx.scope, trees.read_tree(tx, origin).root)
    elif shown["created_by"] != tx.scope.actor:
        raise NotOwnRecord(shown["conversation_id"])


def linkable(tx: Transaction, customer_id: str) -> tuple[str, datetime]:
    """The id of a customer that a conversation may be linked to, and the time. Raises what forbids it."""
    stored = trees.read_tree(tx, customer_id)
    require_writable(tx, stored.root)
    return customer_id.lower(), stored.now


def announced(tx: Transaction, conversation_id: str, kind: str = CHANGED) -> Written:
    """The conversation as it is now, fed."""
    return Written(conversations.announce(tx, conversation_id, kind), tx.change_token())


def link_events(shown: Mapping[str, Json], customer_id: str, source: str) -> list[Event]:
    """What a link puts on the timelines: of whom the conversation leaves, if there is one, and of whom it comes to."""
    before = shown["origin_customer_id"]
    if before is None:
        return [_event(customer_id, "conversation_linked", shown, source=source)]
    return [
        _event(before, "conversation_unlinked", shown, moved_to=customer_id),
        _event(customer_id, "conversation_linked", shown, source=source, moved_from=before),
    ]


def note_event(tx: Transaction, customer_id: str | None, kind: str, shown: Mapping[str, Json], **more: Json) -> None:
    """Puts what happened to a conversation on the timeline of its customer, if it has one."""
    if customer_id is not None:
        records.add_events(tx, [_event(customer_id, kind, shown, **more)])


def _event(customer_id: str, kind: str, shown: Mapping[str, Json], **more: Json) -> Event:
    return Event(
        customer_id, kind, {"conversation_id": shown["conversation_id"], "session_id": shown["session_id"], **more}
    )
