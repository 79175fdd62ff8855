"""Lists customers by filter and order, a page at a time, on and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.customers.domain.listing import LONGEST_TEXT, MOST_SKIPPED, MOST_TAGS, TIME_SORTS, Question
from services.customers.store import listing
from services.customers.store.listing import Listed, Place
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id

ON, BACK = ">", "<"
MOST_CONSENTS = 20
LONGEST_TAG, LONGEST_SYSTEM, LONGEST_SUBJECT = 64, 64, 255


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Some customers, how to go on and back, and how many there are."""

    listed: Sequence[Listed]
    next_page_token: str
    previous_page_token: str
    total_size: int
    estimated: bool


def list_customers(
    tx: Transaction, question: Question, *, page_size: int, page_token: str, skip: int, count_exactly: bool
) -> CustomerPage:
    """One page. Raises FieldsInvalid with every wrong field, PageTokenMismatch, StatementTimeout."""
    _check(question, page_size=page_size, page_token=page_token, skip=skip)
    size = paging.page_size(page_size)
    identity = question.identity()
    place = _place(question, paging.position_of(page_token, identity, tx.scope.company_id), skip)
    listing.limit_work(tx)
    total, estimated = listing.count(tx, question, exactly=count_exactly)
    found = listing.page(tx, question, place, size + 1, total)
    page, more = _fitting(found, size, place)
    before, after = (more, True) if place.backwards else (bool(place.position or place.skip), more)

    def token(way: str, one: Listed) -> str:
        return paging.page_token(identity, [way, *one.position], tx.scope.company_id)

    return CustomerPage(
        page,
        token(ON, page[-1]) if page and after else "",
        token(BACK, page[0]) if page and before else "",
        total,
        estimated,
    )


def _check(question: Question, *, page_size: int, page_token: str, skip: int) -> None:
    check = FieldCheck()
    check.require(0 <= skip <= MOST_SKIPPED, "skip", f"must be between 0 and {MOST_SKIPPED}")
    check.require(not (skip and page_token), "skip", "counts on the first page only")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    check_filter(question, check)
    check.raise_if_any()


def check_filter(question: Question, check: FieldCheck) -> None:
    """Notes what is wrong with the conditions of a question."""
    for name, longest in (
        ("text", LONGEST_TEXT),
        ("external_system", LONGEST_SYSTEM),
        ("created_by", LONGEST_SUBJECT),
    ):
        value = getattr(question, name)
        check.require(len(value) <= longest, f"filter.{name}", f"takes up to {longest} characters")
        check.require("\x00" not in value, f"filter.{name}", "holds a NUL character")
    check.require(len(question.consents) <= MOST_CONSENTS, "filter.consents", f"takes up to {MOST_CONSENTS} conditions")
    for name in ("tags_any", "tags_all"):
        tags = getattr(question, name)
        check.require(len(tags) <= MOST_TAGS, f"filter.{name}", f"takes up to {MOST_TAGS} tags")
        for place, tag in enumerate(tags):
            good = 0 < len(tag) <= LONGEST_TAG and "\x00" not in tag
            check.require(good, f"filter.{name}[{place}]", f"takes 1 to {LONGEST_TAG} characters")


def _fitting(found: Sequence[Listed], size: int, place: Place) -> tuple[Sequence[Listed], bool]:
    """The customers of a page and whether there are more in its direction; going back, those next to the place."""
    ordered = found[::-1] if place.backwards else found
    page, more = paging.page_of(ordered, size, lambda one: one.weight)
    return (page[::-1] if place.backwards else page), more


def _place(question: Question, told: list[Any] | None, skip: int) -> Place:
    if told is None:
        return Place(skip=skip)
    try:
        way, *position = told
        position = _position(question, way, position)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise paging.not_a_token(error) from error
    return Place(tuple(position), backwards=way == BACK)


def _position(question: Question, way: Any, position: list[Any]) -> list[Any]:
    """The values of a place. Raises where it was made up: the token is no signature."""
    if way not in (ON, BACK) or not all(isinstance(value, str) for value in position):
        raise ValueError("no place")
    if len(position) != (1 if question.sort == "CUSTOMER_ID" else 2) or not is_id(position[-1]):
        raise ValueError("no position of this order")
    if question.sort in TIME_SORTS and position[0] != "-infinity":
        return [paging.moment(position[0]), *position[1:]]
    if question.sort == "TOTAL_CONVERSATIONS" and not 0 <= int(position[0]) < 2**63:
        raise ValueError("no number of conversations")
    return position
