"""What a merge would show, field by field: each side's value, which one survives, by which rule, and whose it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.customers.domain.fields import (
    CONSENTS,
    CONTACT_KINDS,
    SET_FIELDS,
    UNITS,
    Fields,
    Json,
    Unit,
    item_key,
)
from services.customers.domain.forest import DEFAULT_RULE, Tree
from services.customers.domain.merge import Merge
from services.customers.domain.shown import Shown
from services.customers.domain.survivorship import MOST_RESTRICTIVE, UNION
from services.customers.domain.view import canonical

CHOSEN = "CHOSEN"


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """One field of a merge. `values` holds what each root shows now; a root that shows nothing is not in it.

    `origin` is the member whose own value survives; empty where many do, or none.
    """

    field: str
    values: Mapping[str, Json]
    outcome: Json
    rule: str
    origin: str = ""

    @property
    def differs(self) -> bool:
        """Whether the sides show different values."""
        return len({canonical(value) for value in self.values.values()}) > 1


@dataclass(frozen=True, slots=True)
class Blocker:
    """What keeps a merge from being applied: a reason of the contract, and the customer that it is about."""

    reason: str
    customer_id: str
    message: str


def outcomes(
    rules: Mapping[str, str], choices: Mapping[str, str], sides: Mapping[str, Shown], result: Shown
) -> list[FieldOutcome]:
    """The fields that somebody fills, in the order of the record; primary contact points and sets after the units.

    `rules` are the resolved ones, by unit and primary contact point.
    """
    found = [_of_unit(unit, _rule(unit.name, rules, choices), sides, result) for unit in UNITS]
    found += [
        _of_primary(kind, short, _rule(short, rules, choices), sides, result)
        for kind, (short, _) in CONTACT_KINDS.items()
    ]
    found += [_of_set(name, sides, result) for name in SET_FIELDS]
    return [one for one in found if one.values]


def state_digest(merge: Merge, forest: Sequence[Tree], etags: Mapping[str, str]) -> str:
    """The SHA-256 over a merge and all that it would join: members with their etags, edges, rules and choices.

    What was previewed is what would be applied as long as it is the same.
    """
    edges = [[edge.merge_id, edge.source_id, edge.target_id] for tree in forest for edge in tree.edges]
    members = {member: etags[member] for tree in forest for member in tree.members}
    asked = [merge.target_id, list(merge.source_ids), merge.resolved, dict(merge.choices), list(merge.holding.priority)]
    return hashlib.sha256(canonical([asked, members, sorted(edges)]).encode()).hexdigest()


def _of_unit(unit: Unit, rule: str, sides: Mapping[str, Shown], result: Shown) -> FieldOutcome:
    values = {side: value for side, shown in sides.items() if (value := _value(unit, shown.fields)) is not None}
    outcome = _value(unit, result.fields)
    origin = result.origin(unit.name) if outcome is not None else ""
    return FieldOutcome(unit.name, values, outcome, rule, origin)


def _rule(name: str, rules: Mapping[str, str], choices: Mapping[str, str]) -> str:
    if name in CONSENTS:
        return MOST_RESTRICTIVE
    return CHOSEN if name in choices else rules.get(name, DEFAULT_RULE)


def _value(unit: Unit, fields: Fields) -> Json:
    """The value that stands for a unit; that of a consent is its answer alone. None: there is none."""
    found = next((fields[name] for name in unit.fields if fields.get(name)), None)
    return found["value"] if unit.name in CONSENTS and found is not None else found


def _of_primary(kind: str, short: str, rule: str, sides: Mapping[str, Shown], result: Shown) -> FieldOutcome:
    points = {side: shown.primary(kind) for side, shown in sides.items()}
    now = result.primary(kind)
    values = {side: point["value"] for side, point in points.items() if point}
    return FieldOutcome(short, values, now["value"] if now else None, rule, result.origin(short) if now else "")


def _of_set(name: str, sides: Mapping[str, Shown], result: Shown) -> FieldOutcome:
    values = {side: list(_items(name, shown.fields)) for side, shown in sides.items()}
    return FieldOutcome(
        name, {side: items for side, items in values.items() if items}, list(_items(name, result.fields)), UNION
    )


def _items(name: str, fields: Fields) -> Iterator[Json]:
    """The items of a set in words: a contact point by its value, an external id by system and id."""
    for item in fields.get(name, []):
        if name == "contact_points":
            yield item["value"]
        else:
            yield ":".join(item_key(name, item)) if isinstance(item, dict) else item
