"""Open review item owns how a conversation gets in front of a person, and how it is taken back."""

from collections.abc import Iterable

from services.matching.domain.review_item import CONVERSATION, ItemEvidence, NewItem
from services.matching.store import review_items
from services.runtime.database import Transaction


def open_review_item(
    tx: Transaction,
    conversation_id: str,
    customer_ids: tuple[str, ...],
    cause: str,
    evidence: ItemEvidence | None = None,
) -> str:
    """Have a person look at a conversation; answers the id of its item.

    `customer_ids` are those that it may be about, the one that it is linked to first; they may be too new to be known
    here, and of a name alone there may be none. `cause` is NAME_ALONE or SEVERAL_MATCHES. Asked again about the same
    conversation it is the same item: brought up to date where it is open, opened again where its evidence is another
    one than was decided about.
    """
    named = tuple(dict.fromkeys(one.lower() for one in customer_ids))
    item = NewItem(CONVERSATION, named, evidence or ItemEvidence(), cause, conversation_id)
    review_items.open_items(tx, [item])
    found = review_items.id_of(tx, item.subject)
    assert found is not None
    return found


def withdraw_review_items(tx: Transaction, conversation_ids: Iterable[str], why: str) -> None:
    """Take the open items of conversations back, where there are any: `why` in a word, such as LINKED."""
    items = [NewItem(CONVERSATION, (), conversation_id=one) for one in conversation_ids]
    review_items.supersede(tx, [one.subject for one in items], why)
