"""Review undone owns the questions that undone merges leave where nobody said that their sides are different."""

from services.matching.domain.judged_trees import JudgedTrees
from services.matching.domain.judgement import pair_of
from services.matching.domain.review_item import MERGE_UNDONE, NewItem
from services.matching.domain.undone_merge import UndoneMerge
from services.matching.store import review_items, standing_judgements
from services.runtime.database import Transaction


def review_undone(tx: Transaction, undone: UndoneMerge) -> None:
    """Ask of the target and each source of an undone merge whether they are one, where nobody has said."""
    judged = JudgedTrees(standing_judgements.around(tx, [undone.target_id, *undone.source_ids]))
    pairs = [pair_of(undone.target_id, one) for one in undone.source_ids]
    items = [NewItem(MERGE_UNDONE, pair, merge_id=undone.merge_id) for pair in pairs if not judged.answer(*pair)]
    review_items.open_items(tx, items)
