"""Lists what happened with a customer and all that were merged into it, in one order, a page at a time both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.customers.domain.failures import CustomerDeleted, CustomerNotFound
from services.customers.domain.fields import Json, weight
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.timeline import KINDS, OF_EVENTS, Place, TimelineEntry, TimelineQuestion
from services.customers.store import timeline
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Entries, how to go on and back, how many there are and from when to when."""

    entries: Sequence[TimelineEntry]
    next_page_token: str
    previous_page_token: str
    total_size: int
    estimated: bool
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants to see; no kinds are all, or those of events where types of events are named."""

    kinds: Sequence[str] = ()
    event_types: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    ascending: bool = False


def list_timeline(tx: Transaction, customer_id: str, asked: Asked, *, page_size: int, page_token: str) -> TimelinePage:
    """One page. Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound, CustomerDeleted."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    backwards_in_time = asked.start and asked.end and asked.start >= asked.end
    check.require(not backwards_in_time, "end_time", "must be later than start_time")
    check.raise_if_any()
    timeline.keep_plans(tx)
    seen = _tree(tx, customer_id)
    question = TimelineQuestion(seen.members, _kinds(asked), asked.event_types, asked.start, asked.end, asked.ascending)
    identity = _identity(seen.root_id, question)
    back, place = _position(paging.position_of(page_token, identity, tx.scope.company_id))
    entries, before, after = _page(tx, question, place, paging.page_size(page_size), back=back)
    earliest, latest = _range(tx, question, entries, before=before, after=after)
    return TimelinePage(
        entries,
        paging.page_token(identity, _values(False, entries[-1].place), tx.scope.company_id)
        if after and entries
        else "",
        paging.page_token(identity, _values(True, entries[0].place), tx.scope.company_id) if before and entries else "",
        *timeline.count(tx, question),
        earliest,
        latest,
    )


def _range(
    tx: Transaction, question: TimelineQuestion, entries: Sequence[TimelineEntry], *, before: bool, after: bool
) -> tuple[datetime | None, datetime | None]:
    """When the earliest and the latest entry happened; looked for only where the page does not hold it."""
    backwards = replace(question, ascending=not question.ascending)
    first = _first(tx, question, entries[0] if entries and not before else None)
    last = _first(tx, backwards, entries[-1] if entries and not after else None)
    return (first, last) if question.ascending else (last, first)


def _first(tx: Transaction, question: TimelineQuestion, known: TimelineEntry | None) -> datetime | None:
    return datetime.fromisoformat(known.place.at) if known is not None else timeline.first(tx, question)


def _tree(tx: Transaction, customer_id: str) -> timeline.TreeSeen:
    seen = timeline.tree(tx, customer_id) if is_id(customer_id) else None
    if seen is None:
        raise CustomerNotFound(customer_id)
    if seen.state not in LIVE_STATES:
        raise CustomerDeleted(seen.root_id)
    return seen


def _kinds(asked: Asked) -> Sequence[str]:
    return asked.kinds or (OF_EVENTS if asked.event_types else KINDS)


def _page(
    tx: Transaction, question: TimelineQuestion, place: Place | None, size: int, *, back: bool
) -> tuple[Sequence[TimelineEntry], bool, bool]:
    """The entries of a page in the question's order, and whether there are others before and after it."""
    read = replace(question, ascending=not question.ascending) if back else question
    found = timeline.page(tx, read, place, size + 1)
    entries, more = paging.page_of(found, size, lambda entry: weight(entry.shown))
    if back:
        return list(reversed(entries)), more, True
    return entries, place is not None, more


def _identity(root_id: str, question: TimelineQuestion) -> Mapping[str, Json]:
    return {
        "list": "timeline",
        "customer_id": root_id,
        "kinds": sorted(question.kinds),
        "event_types": sorted(question.event_types),
        "start": question.start,
        "end": question.end,
        "ascending": question.ascending,
    }


def _values(back: bool, place: Place) -> list[Any]:
    return [back, place.at, place.kind, place.entry_id]


def _position(found: list[Any] | None) -> tuple[bool, Place | None]:
    if found is None:
        return False, None
    try:
        back, at, kind, entry_id = found
        if back not in (True, False) or kind not in range(len(KINDS)) or not is_id(entry_id):
            raise ValueError("no position of a timeline")
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
    return bool(back), Place(paging.moment(at), kind, entry_id)
