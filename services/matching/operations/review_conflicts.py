"""Review conflicts owns the items of judgements that contradict each other, or what is merged."""

from collections.abc import Iterable, Sequence

from services.matching.domain.judged_trees import Conflict, JudgedTrees, Standing
from services.matching.domain.review_item import CONFLICT, NO_CONFLICT, NewItem
from services.matching.store import judgements, review_items, review_queue, standing_judgements
from services.runtime.database import Transaction


def review_conflicts(tx: Transaction, customer_ids: Iterable[str]) -> None:
    """Open an item for each conflict around these customers, and end those of conflicts that are over."""
    asked = sorted(set(customer_ids))
    review_conflicts_in(tx, asked, standing_judgements.around(tx, judgements.roots_of(tx, asked)))


def review_conflicts_in(tx: Transaction, customer_ids: Iterable[str], around: Sequence[Standing]) -> None:
    """The same, where it is known what holds around them."""
    near = {*customer_ids, *(one for judged in around for one in (judged.left_id, judged.right_id))}
    _bring_up_to_date(tx, JudgedTrees(around).conflicts(), review_queue.open_conflicts(tx, sorted(near)))


def review_followed_judgements(tx: Transaction, customer_ids: Iterable[str]) -> None:
    """As `review_conflicts`, of customers that have joined or left a tree; most are not judged at all."""
    if judged := standing_judgements.judged_of(tx, customer_ids):
        review_conflicts(tx, judged)


def review_all_conflicts(tx: Transaction) -> None:
    """Open and end items by all that holds in the company."""
    everywhere = JudgedTrees(standing_judgements.everywhere(tx))
    _bring_up_to_date(tx, everywhere.conflicts(), review_queue.open_conflicts(tx))


def _bring_up_to_date(tx: Transaction, found: list[Conflict], before: list[str]) -> None:
    items = [NewItem(CONFLICT, one.customer_ids, judgement_ids=one.judgement_ids) for one in found]
    review_items.open_items(tx, items)
    review_items.supersede(tx, sorted(set(before) - {item.subject for item in items}), NO_CONFLICT)
