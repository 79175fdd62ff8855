"""Decide conversation owns what a person's decision of a review item means for the conversation that it is about."""

from services.matching.domain.resolution import Decision, conversation_of
from services.matching.domain.review_item import CONVERSATION, ReviewItem
from services.matching.store import conversation_resolutions, conversation_tasks
from services.runtime.database import Transaction


def lock_conversation(tx: Transaction, item: ReviewItem) -> None:
    """Let nobody else resolve the conversation of an item before this transaction ends; before the item is written."""
    if item.kind == CONVERSATION:
        conversation_resolutions.lock(tx, [item.conversation_id])


def decide_conversation(tx: Transaction, item: ReviewItem, decision: Decision) -> None:
    """Keep who the conversation of an item is with, and who not; the worker links it in a moment."""
    known = conversation_resolutions.of(tx, [item.conversation_id]) if item.kind == CONVERSATION else {}
    resolution = known.get(item.conversation_id)
    if resolution is None:
        return
    linked_to = conversation_resolutions.root_of(tx, resolution.customer_id)[0] if resolution.customer_id else ""
    customer_id, apart = conversation_of(item, decision, linked_to)
    if customer_id or apart:
        conversation_resolutions.note_decided(tx, item.conversation_id, customer_id, apart)
    if customer_id:
        conversation_tasks.put_decided(tx, item.conversation_id)
