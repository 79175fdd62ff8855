"""Review undone owns the questions that undone merges leave where nobody said that their sides are different."""

from collections.abc import Sequence

from services.matching.domain.judged_trees import JudgedTrees
from services.matching.domain.judgement import pair_of
from services.matching.domain.review_item import MERGE_UNDONE, NewItem
from services.matching.store import review_items, standing_judgements
from services.runtime.database import Transaction


def review_undone(tx: Transaction, merge_id: str, target_id: str, source_ids: Sequence[str]) -> None:
    """Ask of the target and each source whether they are one; once, however often the undo is repeated."""
    judged = JudgedTrees(standing_judgements.around(tx, [target_id, *source_ids]))
    items = [NewItem(MERGE_UNDONE, pair_of(target_id, one), merge_id=merge_id) for one in source_ids]
    asked = review_items.asked_of_merge(tx, merge_id)
    fresh = [item for item in items if item.subject not in asked and not judged.answer(*item.customer_ids)]
    review_items.open_items(tx, fresh)
