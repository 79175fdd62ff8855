"""Lists customers by filter and order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.customers.domain.fields import Json, weight
from services.customers.domain.listing import LONGEST_TEXT, MOST_SKIPPED, Question
from services.customers.store import listing
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """What is shown of some customers, how to go on, and how many there are."""

    customers: list[dict[str, Json]]
    next_page_token: str
    total_size: int
    estimated: bool


def list_customers(
    tx: Transaction, question: Question, *, page_size: int, page_token: str, skip: int, count_exactly: bool
) -> CustomerPage:
    """One page. Raises FieldsInvalid with every wrong field, PageTokenMismatch."""
    check = FieldCheck()
    check.require(0 <= skip <= MOST_SKIPPED, "skip", f"must be between 0 and {MOST_SKIPPED}")
    check.require(not (skip and page_token), "skip", "counts on the first page only")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    check.require(len(question.text) <= LONGEST_TEXT, "filter.text", f"takes up to {LONGEST_TEXT} characters")
    check.require("\x00" not in question.text, "filter.text", "holds a NUL character")
    check.raise_if_any()
    size = paging.page_size(page_size)
    after = _position(question, page_token)
    found = listing.page(tx, question, after, skip, size + 1)
    page, more = paging.page_of(found, size, lambda one: weight(one[1]))
    following = paging.page_token(question.identity(), page[-1][0]) if more else ""
    total, estimated = listing.count(tx, question, exactly=count_exactly)
    return CustomerPage([shown for _, shown in page], following, total, estimated)


def _position(question: Question, token: str) -> list[Any] | None:
    position = paging.position_of(token, question.identity())
    if position is None:
        return None
    try:
        if not is_id(position[-1]) or len(position) != (1 if question.sort == "CUSTOMER_ID" else 2):
            raise ValueError("no position of this order")
        if "\x00" in position[0]:
            raise ValueError("no text of this database")
        if question.sort.endswith("_TIME"):
            return [datetime.fromisoformat(position[0]), position[1]]
    except (ValueError, TypeError, IndexError) as error:
        raise paging.not_a_token(error) from error
    return position
