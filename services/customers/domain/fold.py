"""The fold: what a root shows, as a pure function of the own records and edges of its tree.

Starting from a member's own fields, what happened to it is replayed in the order of time: an edge folds in what the
source shows, an edit made on the root replaces what came before. Taking an edge out and folding again is an undo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.contact_points import primary
from services.customers.domain.fields import CONTACT_KINDS, SET_FIELDS, UNITS, Fields, Json, Unit, is_empty, item_key
from services.customers.domain.forest import DEFAULT_RULE, Edge, Tree
from services.customers.domain.record import Edit


@dataclass(slots=True)
class Shown:
    """What a member shows so far: fields, and for each unit when and for which member it was written."""

    fields: Fields
    times: dict[str, datetime]
    origins: dict[str, str]


def fold(tree: Tree) -> Fields:
    """The fields that the root of a tree shows."""
    return shown(tree, tree.root_id).fields


def shown(tree: Tree, customer_id: str) -> Shown:
    """What a member shows with all that is merged into it."""
    own = tree.members[customer_id]
    state = Shown(dict(own.fields), dict(own.times), {unit.name: customer_id for unit in UNITS})
    steps: list[tuple[datetime, int, Edge | Edit]] = [
        (edge.merged_at, 0, edge) for edge in tree.edges_into(customer_id)
    ]
    steps += [(edit.time, 1, edit) for edit in own.overlay]
    for _, _, step in sorted(steps, key=lambda found: found[:2]):
        if isinstance(step, Edge):
            _fold_in(state, shown(tree, step.source_id), step, tree)
        else:
            apply_edit(state, step, customer_id)
    return state


def apply_edit(state: Shown, edit: Edit, customer_id: str) -> None:
    """Replaces what is shown by what an edit says."""
    if edit.unit in SET_FIELDS:
        state.fields[edit.unit] = edited_items(edit.unit, state.fields.get(edit.unit, []), edit)
        return
    unit = next(unit for unit in UNITS if unit.name == edit.unit)
    _put(state, unit, edit.values, edit.time, customer_id)


def edited_items(field: str, items: list[Json], edit: Edit) -> list[Json]:
    """The items of a set field after an edit: without the removed ones, the added ones in place or at the end."""
    added = {item_key(field, item): item for item in edit.added}
    removed = set(edit.removed)
    kept = [added.pop(item_key(field, item), item) for item in items if item_key(field, item) not in removed]
    return one_primary(field, [*kept, *added.values()])


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


def _fold_in(state: Shown, source: Shown, edge: Edge, tree: Tree) -> None:
    for unit in UNITS:
        chosen = edge.choices.get(unit.name)
        if chosen is not None and chosen in tree.members:
            if chosen in tree.below(edge.source_id):
                _take(state, unit, shown(tree, chosen))
        elif RULE_TAKES_SOURCE[edge.rules.get(unit.name, DEFAULT_RULE)](unit, state, source):
            _take(state, unit, source)
    for field in SET_FIELDS:
        united = _united(field, state.fields.get(field, []), source.fields.get(field, []))
        if united:
            state.fields[field] = united
    _choose_primaries(state, edge, tree)


def _choose_primaries(state: Shown, edge: Edge, tree: Tree) -> None:
    """Makes the primary contact point of a chosen member the primary one of its kind."""
    for kind, (short, _) in CONTACT_KINDS.items():
        chosen = edge.choices.get(short)
        if chosen is None or chosen not in tree.members or chosen not in tree.below(edge.source_id):
            continue
        wanted = primary(shown(tree, chosen).fields.get("contact_points", []), kind)
        if wanted is not None:
            key = item_key("contact_points", wanted)
            state.fields["contact_points"] = [
                {**point, "primary": item_key("contact_points", point) == key} if point["kind"] == kind else point
                for point in state.fields["contact_points"]
            ]


def _take(state: Shown, unit: Unit, source: Shown) -> None:
    values = {name: source.fields[name] for name in unit.fields if name in source.fields}
    time = source.times.get(unit.name)
    _put(state, unit, values, time, source.origins[unit.name])


def _put(state: Shown, unit: Unit, values: Fields, time: datetime | None, origin: str) -> None:
    for name in unit.fields:
        state.fields.pop(name, None)
    state.fields.update(values)
    state.origins[unit.name] = origin
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
