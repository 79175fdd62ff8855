"""Moves: how many children of the sources of a merge come to show under its target, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CHILD_KINDS = ("notes", "activities", "engagements", "conversations", "events")
MOST_COUNTED = 10_000
"""Of one customer and kind: a merge touches no children, and must not take longer for a customer with very many."""

Counts = Mapping[str, Mapping[str, int]]
"""By customer and kind; MOST_COUNTED + 1 where there are more than were counted."""


@dataclass(frozen=True, slots=True)
class ChildCount:
    """How many children of a kind; `at_least`: there are more."""

    kind: str
    count: int
    at_least: bool = False


def together(counts: Counts, customer_ids: Iterable[str]) -> tuple[ChildCount, ...]:
    """The children of some customers together, for each kind of which there are any."""
    of_each = [counts[one] for one in customer_ids if one in counts]
    found = ((kind, [one[kind] for one in of_each if kind in one]) for kind in CHILD_KINDS)
    return tuple(_count(kind, numbers) for kind, numbers in found if numbers)


def _count(kind: str, numbers: Sequence[int]) -> ChildCount:
    return ChildCount(kind, sum(min(number, MOST_COUNTED) for number in numbers), max(numbers) > MOST_COUNTED)
