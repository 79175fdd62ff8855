"""What a merge would show, field by field: each side's value, which one survives, by which rule, and whose it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.customers.domain.contact_points import primary
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
from services.customers.domain.fold import Shown
from services.customers.domain.forest import DEFAULT_RULE, Tree
from services.customers.domain.merge import Merge
from services.customers.domain.view import canonical

CHOSEN, UNION, MOST_RESTRICTIVE = "CHOSEN", "UNION", "MOST_RESTRICTIVE"


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


def outcomes(merge: Merge, sides: Mapping[str, Shown], result: Shown) -> list[FieldOutcome]:
    """The fields that somebody fills, in the order of the record; consents and sets after the single values."""
    found = [_of_unit(unit, merge, sides, result) for unit in UNITS]
    found += [_of_primary(kind, short, merge, sides, result) for kind, (short, _) in CONTACT_KINDS.items()]
    found += [_of_set(name, sides, result) for name in SET_FIELDS]
    return [one for one in found if one.values]


def state_digest(merge: Merge, forest: Sequence[Tree], etags: Mapping[str, str]) -> str:
    """The SHA-256 over a merge and all that it would join: members with their etags, edges, rules and choices.

    What was previewed is what would be applied as long as it is the same.
    """
    edges = [[edge.merge_id, edge.source_id, edge.target_id] for tree in forest for edge in tree.edges]
    members = {member: etags[member] for tree in forest for member in tree.members}
    asked = [merge.target_id, list(merge.source_ids), dict(merge.rules), dict(merge.choices)]
    return hashlib.sha256(canonical([asked, members, sorted(edges)]).encode()).hexdigest()


def _of_unit(unit: Unit, merge: Merge, sides: Mapping[str, Shown], result: Shown) -> FieldOutcome:
    values = {side: value for side, shown in sides.items() if (value := _value(unit, shown.fields)) is not None}
    outcome = _value(unit, result.fields)
    origin = result.origin(unit.name) if outcome is not None else ""
    return FieldOutcome(unit.name, values, outcome, _rule(unit, merge), origin)


def _rule(unit: Unit, merge: Merge) -> str:
    if unit.name in CONSENTS:
        return MOST_RESTRICTIVE
    return CHOSEN if unit.name in merge.choices else merge.rules.get(unit.name, DEFAULT_RULE)


def _value(unit: Unit, fields: Fields) -> Json:
    """The value that stands for a unit; that of a consent is its answer alone. None: there is none."""
    found = next((fields[name] for name in unit.fields if fields.get(name)), None)
    return found["value"] if unit.name in CONSENTS and found is not None else found


def _of_primary(kind: str, short: str, merge: Merge, sides: Mapping[str, Shown], result: Shown) -> FieldOutcome:
    points = {side: _primary(kind, shown.fields) for side, shown in sides.items()}
    now = _primary(kind, result.fields)
    holders = [side for side, point in points.items() if point and now and _same(point, now)]
    chosen = merge.choices.get(short)
    return FieldOutcome(
        short,
        {side: point["value"] for side, point in points.items() if point},
        now["value"] if now else None,
        CHOSEN if chosen is not None else DEFAULT_RULE,
        chosen if chosen in holders else next(iter(holders), ""),
    )


def _primary(kind: str, fields: Fields) -> Mapping[str, Json] | None:
    return primary(fields.get("contact_points", []), kind)


def _same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return item_key("contact_points", dict(one)) == item_key("contact_points", dict(other))


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
