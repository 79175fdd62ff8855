"""List messages: from requests to questions, and to pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import customer_service_pb2 as pb
from services.customers.convert.customer import customer_message, moment
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.listing import SORTS, Question
from services.runtime.failures import FieldCheck

STATES = ("ACTIVE", "INACTIVE", "MERGED", "DELETED")
SPANS = ("created_from", "created_before", "updated_from", "updated_before")


class Page(Protocol):
    """What a list operation answers."""

    @property
    def customers(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def next_page_token(self) -> str: ...
    @property
    def total_size(self) -> int: ...
    @property
    def estimated(self) -> bool: ...


def question_of(request: pb.ListCustomersRequest) -> Question:
    """The question that a request asks; FieldsInvalid names every wrong field."""
    wanted = request.filter
    check = FieldCheck()
    states = tuple(sorted({_state(number) for number in wanted.states if number}))
    check.require(set(states) <= set(STATES), "filter.states", f"takes {', '.join(STATES)}")
    sort = SORTS[request.sort - 1] if 0 <= request.sort <= len(SORTS) else ""
    check.require(sort, "sort", f"is not one of {', '.join(SORTS)}")
    check.raise_if_any()
    return Question(
        text=wanted.text.strip(),
        states=states or LIVE_STATES,
        sort=sort if request.sort else SORTS[0],
        descending=request.descending,
        **{name: _bound(wanted, name) for name in SPANS},
    )


def page_message(company_id: str, page: Page) -> pb.ListCustomersResponse:
    """A page as a message."""
    return pb.ListCustomersResponse(
        customers=[customer_message(company_id, shown) for shown in page.customers],
        next_page_token=page.next_page_token,
        total_size=page.total_size,
        total_size_estimated=page.estimated,
    )


def _state(number: int) -> str:
    try:
        return customer_pb2.CustomerState.Name(number).removeprefix("CUSTOMER_STATE_")  # type: ignore[arg-type]
    except ValueError:
        return ""


def _bound(wanted: pb.CustomerFilter, name: str) -> datetime | None:
    time: Timestamp = getattr(wanted, name)
    return moment(time, f"filter.{name}") if wanted.HasField(name) else None  # type: ignore[arg-type]
