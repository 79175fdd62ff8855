"""Candidates: what two sides of a merge say of one field, and by which rule the source's value is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.customers.domain.forest import DEFAULT_RULE, Edge, Tree

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that may survive. `first` and `last`: when it was written, or when a contact point was seen.

    `size` is in characters; `place` is that of its customer's source in the order of trust, 0 the best; `origin` is the
    member whose value it is.
    """

    first: datetime
    last: datetime
    size: int
    place: int
    verified: bool
    origin: str


RANK: Mapping[str, Callable[[Candidate], int]] = {
    "MOST_RECENT": lambda one: _age(one.last),
    "OLDEST": lambda one: -_age(one.first),
    "MOST_COMPLETE": lambda one: one.size,
    "SOURCE_PRIORITY": lambda one: -one.place,
    "VERIFIED_FIRST": lambda one: one.verified,
}
"""By each rule that compares, how good a value is: the better one survives, whatever the order of merges."""


def takes_source(rule: str, mine: Candidate | None, theirs: Candidate | None, target_id: str) -> bool:
    """Whether the source's value survives; None is an empty one, which the other side fills.

    On a tie the target's own value survives, of two that were merged into it that of the smaller id.
    """
    if theirs is None or mine is None or rule in ("SOURCE_WINS", DEFAULT_RULE):
        return theirs is not None and (mine is None or rule == "SOURCE_WINS")
    one, other = RANK[rule](theirs), RANK[rule](mine)
    if one != other:
        return one > other
    return mine.origin != target_id and theirs.origin < mine.origin


def place_of(tree: Tree, edge: Edge, origin: str) -> int:
    """The place of a member's source in the edge's order of trust; what is not in it comes last."""
    source = tree.members[origin].fields.get("source") if origin in tree.members else None
    return edge.priority.index(source) if source in edge.priority else len(edge.priority)


def _age(time: datetime) -> int:
    """Microseconds; a float would lose some."""
    return (time - NEVER) // timedelta(microseconds=1)
