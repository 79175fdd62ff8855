"""Lists conversations, the one that began last first: of a customer's tree, of the company, or of nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.customers.domain.fields import Json, weight
from services.customers.operations.conversation_writing import Shown
from services.customers.operations.guard import require_live
from services.customers.store import conversation_lists, trees
from services.customers.store.conversation_lists import NEWEST, Wanted
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class Span:
    """When conversations began: from a time on and before another one; None is no bound."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some conversations, and how to go on."""

    conversations: Sequence[Shown]
    next_page_token: str


def list_conversations(
    tx: Transaction, customer_id: str, span: Span, *, whole: bool, page_size: int, page_token: str
) -> ConversationPage:
    """One page, of a customer or else of the company.

    Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound, CustomerDeleted.
    """
    size = paging.page_size(page_size)
    root_id = _root(tx, customer_id) if customer_id else ""
    return _page(tx, _within(Wanted(root_id, whole=whole), span), size, page_token)


def list_orphaned_conversations(
    tx: Transaction, span: Span, *, whole: bool, page_size: int, page_token: str
) -> ConversationPage:
    """One page of those that are linked to nobody. Raises FieldsInvalid, PageTokenMismatch."""
    size = paging.page_size(page_size)
    return _page(tx, _within(Wanted(orphaned=True, whole=whole), span), size, page_token)


def list_conversation_summaries(
    tx: Transaction, customer_id: str, *, page_size: int, page_token: str
) -> ConversationPage:
    """One page of a customer's conversations that have a summary.

    Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound, CustomerDeleted.
    """
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    check.raise_if_any()
    wanted = Wanted(_root(tx, customer_id), summarized=True)
    return _page(tx, wanted, paging.page_size(page_size), page_token)


def _root(tx: Transaction, customer_id: str) -> str:
    root = trees.read_tree(tx, customer_id).root
    require_live(root)
    return root.customer_id


def _within(wanted: Wanted, span: Span) -> Wanted:
    start = span.start.isoformat() if span.start else wanted.start
    return replace(wanted, start=start, end=span.end.isoformat() if span.end else wanted.end)


def _page(tx: Transaction, wanted: Wanted, size: int, page_token: str) -> ConversationPage:
    question = _question(wanted)
    before = _before(paging.position_of(page_token, question, tx.scope.company_id))
    found = conversation_lists.page(tx, wanted, before, size + 1)
    page, more = paging.page_of(found, size, weight)
    last = page[-1] if more else {}
    position = [last["first_at"], last["conversation_id"]] if last else []
    return ConversationPage(page, paging.page_token(question, position, tx.scope.company_id) if more else "")


def _question(wanted: Wanted) -> Mapping[str, Json]:
    named = ("root_id", "orphaned", "summarized", "start", "end")
    return {"list": "conversations", **{name: getattr(wanted, name) for name in named}}


def _before(position: list[Any] | None) -> tuple[str, str]:
    match position:
        case None:
            return NEWEST
        case [str() as first_at, str() as conversation_id] if is_id(conversation_id):
            return paging.moment(first_at), conversation_id
    raise paging.not_a_token()
