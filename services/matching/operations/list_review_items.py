"""List review items owns the pages of what waits for a person, or did, those with the most impact first."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from services.matching.domain.failures import customer_not_found
from services.matching.domain.review_item import ItemsAsked, ReviewItem
from services.matching.store import review_queue
from services.matching.store.review_queue import Position
from services.runtime.database import Transaction
from services.runtime.ids import is_id
from services.runtime.paging import not_a_token, page_of, page_token, position_of

_CUSTOMER_BYTES = 120


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page."""

    items: Sequence[ReviewItem]
    next_page_token: str


def list_review_items(tx: Transaction, asked: ItemsAsked, size: int, token: str) -> ReviewPage:
    """Return the next items. Raises CustomerNotFound where the customer is no id at all."""
    asked = replace(asked, customer_id=asked.customer_id.lower())
    if asked.customer_id and not is_id(asked.customer_id):
        raise customer_not_found(asked.customer_id)
    question = {"list": "review_items", **asdict(asked)}
    found = review_queue.page(tx, asked, _position(position_of(token, question, tx.scope.company_id)), size + 1)
    items, more = page_of(found, size, _weight)
    return ReviewPage(
        items, page_token(question, [-items[-1].impact, items[-1].item_id], tx.scope.company_id) if more else ""
    )


def _weight(item: ReviewItem) -> int:
    """About how many bytes an item takes in a message, and no fewer."""
    people = sum(_CUSTOMER_BYTES + len(f"{one.name}{one.email}{one.phone}".encode()) for one in item.customers)
    return 2_000 + people + 40 * len(item.judgement_ids) + 4 * len(item.reason)


def _position(read: list[object] | None) -> Position:
    match read:
        case None:
            return review_queue.FIRST
        case [int(rank), str(item_id)] if rank < 0 and is_id(item_id):
            return rank, item_id
    raise not_a_token()
