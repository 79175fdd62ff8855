"""Search messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from patronage.customers.v1 import search_pb2 as pb
from services.customers.convert.customer import customer_message


class Match(Protocol):
    """A field that fits."""

    @property
    def field(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def highlights(self) -> Sequence[tuple[int, int]]: ...


class Result(Protocol):
    """A customer that was found."""

    @property
    def shown(self) -> Mapping[str, Any]: ...
    @property
    def score(self) -> float: ...
    @property
    def matches(self) -> Sequence[Match]: ...


def mode_of(request: pb.SearchCustomersRequest) -> str:
    """The short name of a mode; FUZZY where none is given, empty where it is unknown."""
    if not request.mode:
        return "FUZZY"
    try:
        return pb.SearchMode.Name(request.mode).removeprefix("SEARCH_MODE_")
    except ValueError:
        return ""


def result_message(company_id: str, result: Result) -> pb.SearchResult:
    """A customer that was found, as a message."""
    return pb.SearchResult(
        customer=customer_message(company_id, result.shown),
        score=round(result.score, 4),
        matches=[_match_message(match) for match in result.matches],
    )


def _match_message(match: Match) -> pb.SearchMatch:
    return pb.SearchMatch(
        field=pb.SearchField.Value("SEARCH_FIELD_" + match.field),
        value=match.value,
        score=round(match.score, 4),
        highlights=[pb.SearchHighlight(start=start, length=length) for start, length in match.highlights],
    )
