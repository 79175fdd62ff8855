"""The fold: what a root shows, as a pure function of the own records and edges of its tree.

Starting from a member's own fields, what happened to it is replayed in the order of time: an edge folds in what the
source shows, an edit made on the root replaces what came before. Taking an edge out and folding again is an undo.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.consent import stricter
from services.customers.domain.contact_points import primary
from services.customers.domain.fields import (
    CONSENTS,
    CONTACT_KINDS,
    SET_FIELDS,
    UNITS,
    Fields,
    Json,
    Unit,
    is_empty,
    item_key,
)
from services.customers.domain.forest import DEFAULT_RULE, Edge, Tree
from services.customers.domain.record import Edit


@dataclass(slots=True)
class Shown:
    """What a member shows so far: fields, and for each unit and edited set when it was written.

    `origins` names the member that a unit's value is from, where it is another one or was.
    """

    customer_id: str
    fields: Fields
    times: dict[str, datetime]
    origins: dict[str, str] = dataclasses.field(default_factory=dict)

    def origin(self, unit: str) -> str:
        """The member whose own value a unit shows."""
        return self.origins.get(unit, self.customer_id)


def fold(tree: Tree) -> Fields:
    """The fields that the root of a tree shows."""
    return shown(tree)[tree.root_id].fields


def shown(tree: Tree) -> dict[str, Shown]:
    """What each member of a tree shows with all that is merged into it."""
    root = tree.root
    if not tree.edges and not root.overlay:
        return {tree.root_id: Shown(tree.root_id, dict(root.fields), dict(root.times))}
    states: dict[str, Shown] = {}
    for customer_id in reversed(list(tree.below(tree.root_id))):
        states[customer_id] = _replayed(tree, customer_id, states)
    return states


def _replayed(tree: Tree, customer_id: str, below: Mapping[str, Shown]) -> Shown:
    """A member's own fields and then, in the order of time, what was merged into it and edited on it."""
    own = tree.members[customer_id]
    state = Shown(customer_id, dict(own.fields), dict(own.times))
    steps: list[tuple[datetime, int, Edge | Edit]] = [
        (edge.merged_at, 0, edge) for edge in tree.edges_into(customer_id)
    ]
    steps += [(edit.time, 1, edit) for edit in own.overlay]
    for _, _, step in sorted(steps, key=lambda found: found[:2]):
        if isinstance(step, Edge):
            _fold_in(state, step, _chosen(step, tree, below), below[step.source_id])
        else:
            apply_edit(state, step)
    return state


def _chosen(edge: Edge, tree: Tree, below: Mapping[str, Shown]) -> dict[str, Shown | None]:
    """What the chosen members of an edge show, by unit: None for the target itself; none where they are not there."""
    inside = set(tree.below(edge.target_id)) if edge.choices else set()
    return {
        unit: below[member] if member != edge.target_id else None
        for unit, member in edge.choices.items()
        if member in inside
    }


def apply_edit(state: Shown, edit: Edit) -> None:
    """Replaces what is shown by what an edit says."""
    if edit.unit in SET_FIELDS:
        state.fields[edit.unit] = edited_items(edit.unit, state.fields.get(edit.unit, []), edit)
        state.times[edit.unit] = edit.time
        return
    unit = next(unit for unit in UNITS if unit.name == edit.unit)
    _put(state, unit, edit.values, edit.time)
    state.origins[unit.name] = state.customer_id


def edited_items(field: str, items: list[Json], edit: Edit) -> list[Json]:
    """The items of a set field after an edit: without the removed ones, the others as they are now, new ones last."""
    added = {item_key(field, item): item for item in edit.added}
    changed = {item_key(field, item): item for item in edit.changed} | added
    removed = set(edit.removed)
    kept = {item_key(field, item): item for item in items if item_key(field, item) not in removed}
    now = {key: changed.get(key, item) for key, item in kept.items()}
    return one_primary(field, list({**now, **added}.values()))


def one_primary(field: str, items: list[Json]) -> list[Json]:
    """The items with exactly one primary contact point of each kind: the first that is marked, else the first one."""
    if field != "contact_points":
        return items
    chosen: dict[str, int] = {}
    for place, item in enumerate(items):
        before = chosen.get(item["kind"])
        if before is None or (item["primary"] and not items[before]["primary"]):
            chosen[item["kind"]] = place
    places = set(chosen.values())
    return [{**item, "primary": place in places} for place, item in enumerate(items)]


def _fold_in(state: Shown, edge: Edge, chosen: Mapping[str, Shown | None], source: Shown) -> None:
    for unit in UNITS:
        if unit.name in CONSENTS:
            _take_stricter(state, unit, source)
        elif unit.name in chosen:
            _take(state, unit, chosen[unit.name])
        elif RULE_TAKES_SOURCE[edge.rules.get(unit.name, DEFAULT_RULE)](unit, state, source):
            _take(state, unit, source)
    for field in SET_FIELDS:
        united = _united(field, state.fields.get(field, []), source.fields.get(field, []))
        if united:
            state.fields[field] = united
    for kind, (short, _) in CONTACT_KINDS.items():
        _choose_primary(state, kind, chosen.get(short))


def _choose_primary(state: Shown, kind: str, chosen: Shown | None) -> None:
    """Makes the primary contact point of a chosen member the primary one of its kind."""
    points = state.fields.get("contact_points", [])
    wanted = primary(chosen.fields.get("contact_points", []), kind) if chosen is not None else None
    key = item_key("contact_points", wanted) if wanted is not None else None
    if any(item_key("contact_points", point) == key for point in points):
        state.fields["contact_points"] = [
            {**point, "primary": item_key("contact_points", point) == key} if point["kind"] == kind else point
            for point in points
        ]


def _take(state: Shown, unit: Unit, source: Shown | None) -> None:
    if source is not None:
        values = {name: source.fields[name] for name in unit.fields if name in source.fields}
        _put(state, unit, values, source.times.get(unit.name))
        state.origins[unit.name] = source.origin(unit.name)


def _take_stricter(state: Shown, unit: Unit, source: Shown) -> None:
    mine, theirs = state.fields.get(unit.name), source.fields.get(unit.name)
    if theirs is not None and stricter(unit.name, mine, theirs) is theirs:
        _take(state, unit, source)


def _put(state: Shown, unit: Unit, values: Fields, time: datetime | None) -> None:
    for name in unit.fields:
        state.fields.pop(name, None)
    state.fields.update(values)
    if time is not None:
        state.times[unit.name] = time


def _united(field: str, first: list[Json], second: list[Json]) -> list[Json]:
    """Both lists as one, without doubles; of the same contact point the spans seen and verified are united."""
    items = {item_key(field, item): item for item in first}
    kinds = {item["kind"] for item in first} if field == "contact_points" else set()
    for item in second:
        key = item_key(field, item)
        if field == "contact_points" and key in items:
            items[key] = _united_points(items[key], item)
        elif field == "contact_points":
            items[key] = {**item, "primary": item["primary"] and item["kind"] not in kinds}
        else:
            items.setdefault(key, item)
    return one_primary(field, list(items.values()))


def _united_points(first: Mapping[str, Json], second: Mapping[str, Json]) -> dict[str, Json]:
    return {
        **second,
        **first,
        "verified": first["verified"] or second["verified"],
        "first_seen": min(first["first_seen"], second["first_seen"]),
        "last_seen": max(first["last_seen"], second["last_seen"]),
    }


def _size(unit: Unit, fields: Fields) -> int:
    return sum(len(str(fields[name])) for name in unit.fields if fields.get(name))


def _source_fills(unit: Unit, state: Shown, source: Shown) -> bool:
    return is_empty(unit, state.fields) and not is_empty(unit, source.fields)


def _newer(unit: Unit, one: Shown, other: Shown) -> bool:
    mine, theirs = one.times.get(unit.name), other.times.get(unit.name)
    return mine is not None and (theirs is None or mine > theirs)


RULE_TAKES_SOURCE: Mapping[str, Callable[[Unit, Shown, Shown], bool]] = {
    "TARGET_WINS": _source_fills,
    "SOURCE_WINS": lambda unit, state, source: not is_empty(unit, source.fields),
    "MOST_RECENT": lambda unit, state, source: (
        not is_empty(unit, source.fields) and (is_empty(unit, state.fields) or _newer(unit, source, state))
    ),
    "OLDEST": lambda unit, state, source: (
        not is_empty(unit, source.fields) and (is_empty(unit, state.fields) or _newer(unit, state, source))
    ),
    "MOST_COMPLETE": lambda unit, state, source: _size(unit, source.fields) > _size(unit, state.fields),
}
"""For each survivorship rule: whether a unit takes what the source shows. Ties stay with the target."""
