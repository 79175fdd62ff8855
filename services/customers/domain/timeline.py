"""The timeline: kinds of entries, types of events, and a question for a page of it in either direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.fields import Json

KINDS = ("EVENT", "MERGE", "ACTIVITY", "NOTE", "CONVERSATION_SUMMARY", "ENGAGEMENT")
"""In the order in which entries of the same time stand."""
MERGES = ("merged", "merge_undone")
OF_EVENTS = ("EVENT", "MERGE")
FIRST_ID, LAST_ID = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its time, the number of its kind and its id."""

    at: str
    kind: int
    entry_id: str

    def bound(self, kind: int) -> tuple[str, str]:
        """What entries of a kind are compared with: those of a later kind and the same time come after, of an earlier
        one before."""
        if kind == self.kind:
            return self.at, self.entry_id
        return self.at, FIRST_ID if kind > self.kind else LAST_ID


BEGINNING, END = Place("-infinity", -1, ""), Place("infinity", len(KINDS), "")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An entry: its place, whose it is, and the row that it shows."""

    place: Place
    origin_customer_id: str
    shown: Mapping[str, Json]

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return KINDS[self.place.kind]


@dataclass(frozen=True, slots=True)
class TimelineQuestion:
    """Which entries of some members of a tree; types of events by their stored names, none for all."""

    members: Sequence[str]
    kinds: Sequence[str] = KINDS
    event_types: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    ascending: bool = False

    def first_place(self, after: Place | None) -> Place:
        """Where reading begins: at the near end of the span, or after a place inside it."""
        bound = self.start if self.ascending else self.end
        if bound is None:
            return after or (BEGINNING if self.ascending else END)
        outside = after is None or (datetime.fromisoformat(after.at) < bound) is self.ascending
        return Place(bound.isoformat(), -1, "") if after is None or outside else after

    def types_of(self, kind: str) -> list[str]:
        """The types of events that a kind shows; none for EVENT means all but merges."""
        if kind == "MERGE":
            return [name for name in MERGES if not self.event_types or name in self.event_types]
        return [name for name in self.event_types if name not in MERGES]

    def asked_kinds(self) -> list[str]:
        """The kinds of which there can be entries."""
        empty = {kind for kind in OF_EVENTS if self.event_types and not self.types_of(kind)}
        return [kind for kind in KINDS if kind in self.kinds and kind not in empty]
