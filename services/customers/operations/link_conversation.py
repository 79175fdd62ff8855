"""Links a conversation to a customer, or moves it there from another one."""

from __future__ import annotations

from services.customers.domain.conversation import check_link_source
from services.customers.operations.conversation_writing import Written, announced, link_events, linkable, locked
from services.customers.operations.writing import actor_of
from services.customers.store import conversation_links, records
from services.customers.store.conversation_links import Link
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck

DEFAULT_SOURCE = "MANUAL"


def link_conversation(
    tx: Transaction, conversation_id: str, customer_id: str, link_source: str = "", etag: str = ""
) -> Written:
    """Gives a conversation another customer. One that it has already stays, and nothing is written.

    Raises FieldsInvalid, ConversationNotFound, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    check = FieldCheck()
    check.require(conversation_id, "conversation_id", "is required")
    check.require(customer_id, "customer_id", "is required")
    check_link_source(check, link_source)
    check.raise_if_any()
    there = locked(tx, conversation_id, etag)
    origin, now = linkable(tx, customer_id)
    if there["origin_customer_id"] == origin:
        return Written(there, tx.change_token())
    source = link_source or DEFAULT_SOURCE
    conversation_links.link(tx, [Link(there["conversation_id"], origin)], source, actor_of(tx.scope), now)
    records.add_events(tx, link_events(there, origin, source))
    return announced(tx, there["conversation_id"])
