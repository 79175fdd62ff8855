"""Get review item owns the reading of one item, with what was decided of it before."""

from services.matching.domain.failures import review_item_not_found
from services.matching.domain.review_item import ReviewItem
from services.matching.store import review_queue
from services.matching.store.review_queue import Past
from services.runtime.database import Transaction
from services.runtime.ids import is_id

MOST_PAST = 100


def get_review_item(tx: Transaction, item_id: str) -> ReviewItem:
    """Return an item, open or not. Raises ReviewItemNotFound."""
    found = review_queue.one(tx, item_id) if is_id(item_id) else None
    if found is None:
        raise review_item_not_found(item_id)
    return found


def past_resolutions(tx: Transaction, item_id: str) -> list[Past]:
    """Return what was decided of an item, the newest first, up to MOST_PAST."""
    return review_queue.past(tx, item_id, MOST_PAST)
