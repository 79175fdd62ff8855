"""Votes: how many members of a tree say the same of a field, counted as the fold goes on and never stored.

Each member has a vote for what its own record says. What people decide, by an edit of a root or a choice of a merge,
counts for all who are joined by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.customers.domain.fields import CONTACT_KINDS, UNITS, Fields, Json, Unit, item_key
from services.customers.domain.forest import Tree
from services.identity.names import parse_name
from services.identity.text import fold as folded


@dataclass(frozen=True, slots=True)
class Vote:
    """How many say the same, and how one of them writes it: the fields of a unit, or the key of a contact point."""

    count: int
    values: Json
    time: datetime | None
    origin: str


Votes = Mapping[str, Vote]
"""By the normal form of what is said."""

UNIT_BY_NAME: Mapping[str, Unit] = {unit.name: unit for unit in UNITS}
KIND_OF: Mapping[str, str] = {short: kind for kind, (short, _) in CONTACT_KINDS.items()}


def counted(tree: Tree) -> frozenset[str]:
    """The units and primary contact points that some edge of a tree counts votes for."""
    return frozenset(name for edge in tree.edges for name, rule in edge.rules.items() if rule == "MOST_FREQUENT")


def vote(name: str, fields: Fields, point: Json, count: int, time: datetime | None, origin: str) -> Votes:
    """The votes where all say what some fields show; `point` is the primary contact point of the kind."""
    if name in KIND_OF:
        if point is None:
            return {}
        key = item_key("contact_points", point)
        return {key[1]: Vote(count, key, time, origin)}
    values = {part: fields[part] for part in UNIT_BY_NAME[name].fields if fields.get(part)}
    return {normal_form(name, values): Vote(count, values, time, origin)} if values else {}


def added(mine: Votes, theirs: Votes, target_id: str) -> Votes:
    """The votes of both sides together; of two spellings that of the target itself counts, else of the smaller id."""
    votes = dict(mine)
    for form, one in theirs.items():
        other = votes.get(form)
        votes[form] = one if other is None else _both(other, one, target_id)
    return votes


def winner(votes: Votes, target_id: str) -> Vote | None:
    """What most say; on a tie what the target says itself, else the customer with the smallest id."""
    return min(votes.values(), key=lambda one: (-one.count, one.origin != target_id, one.origin), default=None)


def normal_form(name: str, values: Fields) -> str:
    """What a unit says, as it is compared: names by their parts, text folded, anything else as it is."""
    said = next(values[part] for part in UNIT_BY_NAME[name].fields if part in values)
    if name == "name":
        return " ".join(parse_name(said)).strip() or folded(said)
    return folded(said) if isinstance(said, str) else repr(_sorted(said))


def _both(one: Vote, other: Vote, target_id: str) -> Vote:
    first = min(one, other, key=lambda each: (each.origin != target_id, each.origin))
    return replace(first, count=one.count + other.count)


def _sorted(said: Json) -> Json:
    """A JSON value whose objects are in the order of their names."""
    if isinstance(said, dict):
        return [(name, _sorted(value)) for name, value in sorted(said.items())]
    return [_sorted(value) for value in said] if isinstance(said, list) else said
