"""Follow conversations owns which conversations of the feed wait to be resolved: those that say something new."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import Resolution
from services.matching.operations.open_review_items import withdraw_review_items
from services.matching.store import conversation_resolutions, conversation_tasks
from services.runtime.database import Transaction

_DELETED, _LINKED = "DELETED", "LINKED"


def follow_conversations(tx: Transaction, conversations: Sequence[Conversation]) -> None:
    """Let those of one company wait that are to be resolved; a deleted one is forgotten."""
    in_order = sorted(conversations, key=lambda one: one.revision)
    newest = {one.conversation_id: one for one in in_order}
    said_before = {one.conversation_id: one.digest for one in reversed(in_order)}
    if deleted := [one.conversation_id for one in newest.values() if one.deleted]:
        forget_conversations(tx, deleted)
    living = [one for one in newest.values() if not one.deleted]
    if not living:
        return
    before = conversation_resolutions.of(tx, [one.conversation_id for one in living])
    _take_back_items(tx, living, before)
    if conversation_resolutions.policy(tx).automatic:
        changed = {one.conversation_id for one in living if one.digest != said_before[one.conversation_id]}
        _put(tx, living, before, changed)


def _take_back_items(tx: Transaction, conversations: Sequence[Conversation], before: Mapping[str, Resolution]) -> None:
    """Ask nobody any more about conversations that somebody has linked since."""
    linked = [
        one.conversation_id
        for one in conversations
        if (was := before.get(one.conversation_id))
        and was.review_item_id
        and one.origin_id not in ("", was.customer_id, was.linked_id)
    ]
    withdraw_review_items(tx, linked, _LINKED)


def _put(
    tx: Transaction, conversations: Sequence[Conversation], before: Mapping[str, Resolution], changed: Set[str]
) -> None:
    """Let conversations wait; of those that were linked already only what they say is noted, unless that `changed`."""
    waiting = conversation_tasks.waiting(tx, [one.conversation_id for one in conversations])
    known = {*before, *waiting, *changed}
    linked = [one for one in conversations if one.conversation_id not in known and one.origin_id]
    if linked:
        conversation_resolutions.note_linked(tx, linked)
    new = {one.conversation_id for one in conversations if _is_new(one, before.get(one.conversation_id))}
    wanted = [
        _still_again(one) if waiting.get(one.conversation_id) and one.conversation_id not in new else one
        for one in conversations
        if one not in linked and (one.conversation_id in waiting or one.conversation_id in new)
    ]
    if wanted:
        conversation_tasks.put(tx, wanted)


def _still_again(conversation: Conversation) -> Conversation:
    """Return a conversation that goes on and is yet to be resolved again, by what was decided or who has left."""
    return replace(conversation, etag="")


def _is_new(conversation: Conversation, before: Resolution | None) -> bool:
    """Return whether something was given that was not looked at; that somebody links or unlinks it is no reason."""
    if before is None:
        return conversation.says_something
    older = before.epoch in ("", conversation.epoch) and before.revision >= conversation.revision
    return before.digest != conversation.digest and not older


def forget_conversations(tx: Transaction, conversation_ids: Sequence[str]) -> None:
    """Forget what became of deleted conversations, and ask nobody about them."""
    conversation_tasks.drop(tx, conversation_ids)
    conversation_resolutions.forget(tx, conversation_ids)
    withdraw_review_items(tx, conversation_ids, _DELETED)
