"""Resolve review item owns how a person's decision is taken: one at a time, judged or merged, and kept."""

from services.matching.domain.failures import review_item_closed
from services.matching.domain.judgement import Judged
from services.matching.domain.resolution import Decision, judged_pairs, roots_of, unfit
from services.matching.domain.review_item import CONFLICT, DIFFERENT, MERGED, OPEN, SAME, SUPERSEDED, UNSURE, ReviewItem
from services.matching.operations.create_judgement import create_judgement, lock_judging
from services.matching.operations.decide_conversation import decide_conversation, lock_conversation
from services.matching.operations.get_review_item import get_review_item
from services.matching.operations.retract_judgement import retract_judgement
from services.matching.store import review_endings
from services.runtime.database import Transaction
from services.runtime.failures import EtagMismatch, FieldsInvalid, FieldViolation
from services.runtime.ids import is_id


def begin_resolution(tx: Transaction, decision: Decision, *, was_merged: bool = False) -> ReviewItem:
    """Take an item for a decision until the transaction ends, and return it as it is.

    `was_merged` says that the merge that is decided was made before, by a first try that did not come back: then the
    item may have been superseded by just that. Raises ReviewItemNotFound, ReviewItemClosed, EtagMismatch.
    """
    if is_id(decision.item_id):
        review_endings.lock(tx, decision.item_id)
    item = get_review_item(tx, decision.item_id)
    if was_merged and (item.state == OPEN or _by_merge(item)):
        return item
    if item.state != OPEN:
        raise review_item_closed(item.item_id, item.state, item.outcome)
    if decision.etag and decision.etag != item.etag:
        text = "Somebody or something has changed the item. Read it anew with GetReviewItem."
        raise EtagMismatch(text, metadata={"etag": item.etag})
    return item


def may_be_merged_before(tx: Transaction, item_id: str) -> bool:
    """Return whether an item has ended by a merge that nobody has claimed."""
    return _by_merge(get_review_item(tx, item_id))


def note_merged(tx: Transaction, item: ReviewItem, decision: Decision, merge_id: str) -> ReviewItem:
    """Keep a decision whose merge was made."""
    lock_conversation(tx, item)
    review_endings.resolve(tx, item.item_id, MERGED, decision.reason, merge_id)
    decide_conversation(tx, item, decision)
    return get_review_item(tx, item.item_id)


def resolve_by_judgement(tx: Transaction, decision: Decision) -> tuple[ReviewItem, list[str]]:
    """Decide an item by what it says of its customers; answers it, and the judgements that were made or retracted.

    Raises what `begin_resolution` does, FieldsInvalid, ResolutionUnfit, JudgedDifferent, JudgedSame.
    """
    item = begin_resolution(tx, decision)
    lock_judging(tx)
    lock_conversation(tx, item)
    review_endings.resolve(tx, item.item_id, decision.resolution, decision.reason)
    settle = _settle_conflict if item.kind == CONFLICT else _judge
    judgement_ids = settle(tx, item, decision)
    decide_conversation(tx, item, decision)
    return get_review_item(tx, item.item_id), judgement_ids


def _judge(tx: Transaction, item: ReviewItem, decision: Decision) -> list[str]:
    judged = [Judged(one, other, decision.resolution, decision.reason) for one, other in judged_pairs(item, decision)]
    return [create_judgement(tx, one).judgement_id for one in judged]


def _settle_conflict(tx: Transaction, item: ReviewItem, decision: Decision) -> list[str]:
    """Retract the judgements of a conflict that the decision goes against; UNSURE leaves them all."""
    different, *chain = item.judgement_ids
    if decision.customer_ids:
        raise FieldsInvalid([FieldViolation("customer_ids", "is not for a conflict")])
    if decision.resolution == UNSURE:
        return []
    if decision.resolution == DIFFERENT and not chain:
        raise unfit(item, "They are merged. Undo their merge with UndoMerge, or say SAME.")
    wrong = [different] if decision.resolution == SAME else chain
    return [retract_judgement(tx, one, decision.reason).judgement_id for one in wrong]


def _by_merge(item: ReviewItem) -> bool:
    return item.state == SUPERSEDED and item.outcome == MERGED and len(roots_of(item)) > 0
