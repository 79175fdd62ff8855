"""Open review items owns how conversations get in front of a person, and how they are taken back."""

from collections.abc import Iterable, Sequence

from services.matching.domain.review_item import CONVERSATION, ItemEvidence, NewItem
from services.matching.store import review_items
from services.runtime.database import Transaction


def conversation_item(
    conversation_id: str, customer_ids: Iterable[str], cause: str, evidence: ItemEvidence | None = None
) -> NewItem:
    """Return the question who a conversation is with.

    `customer_ids` are those that it may be about, the one that it is linked to first; they may be too new to be known
    here, and of a name alone there may be none. `cause` is NAME_ALONE or SEVERAL_MATCHES.
    """
    named = tuple(dict.fromkeys(one.lower() for one in customer_ids))
    return NewItem(CONVERSATION, named, evidence or ItemEvidence(), cause, conversation_id)


def open_review_items(tx: Transaction, items: Sequence[NewItem]) -> dict[str, str]:
    """Have a person look at conversations; gives the id of each one's item.

    Asked again about the same conversation it is the same item: brought up to date where it is open, opened again
    where its evidence is another one than was decided about.
    """
    review_items.open_items(tx, items)
    found = review_items.ids_of(tx, [item.subject for item in items])
    return {item.conversation_id: found[item.subject] for item in items}


def withdraw_review_items(tx: Transaction, conversation_ids: Iterable[str], why: str) -> None:
    """Take the open items of conversations back, where there are any: `why` in a word, such as LINKED."""
    items = [NewItem(CONVERSATION, (), conversation_id=one) for one in conversation_ids]
    review_items.supersede(tx, [one.subject for one in items], why)
