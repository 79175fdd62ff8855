"""Counts the conversations of customers again and says whose figures are others than those that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.store import conversation_metrics
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.ids import is_id

MOST_COUNTED = 1000
QUESTION = {"verify": "conversation metrics"}


@dataclass(frozen=True, slots=True)
class Drift:
    """A customer on its own, its figures as kept, and as counted."""

    customer_id: str
    kept: ConversationMetrics
    counted: ConversationMetrics


@dataclass(frozen=True, slots=True)
class Verified:
    """How many customers were counted, which of them drifted, and how to go on."""

    checked: int
    drifts: Sequence[Drift]
    next_page_token: str


def verify_conversation_metrics(tx: Transaction, page_size: int, page_token: str) -> Verified:
    """Counts a page of customers, by id. Raises FieldsInvalid, PageTokenMismatch."""
    size = paging.page_size(page_size, default=MOST_COUNTED, most=MOST_COUNTED)
    found = conversation_metrics.counted(
        tx, _after(paging.position_of(page_token, QUESTION, tx.scope.company_id)), size
    )
    drifts = [Drift(*one) for one in found if one[1] != one[2]]
    more = len(found) == size
    return Verified(
        len(found), drifts, paging.page_token(QUESTION, [found[-1][0]], tx.scope.company_id) if more else ""
    )


def _after(position: list[Any] | None) -> str:
    match position:
        case None:
            return ""
        case [str() as customer_id] if is_id(customer_id):
            return customer_id
    raise paging.not_a_token()
