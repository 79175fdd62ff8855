"""Edits: how what a writer says becomes a new record, or changes the own record of a root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.customers.domain.contact_points import primary
from services.customers.domain.draft import joined_name
from services.customers.domain.fields import (
    CHOICE_FIELDS,
    CONTACT_KINDS,
    NAME_PARTS,
    PLAIN_SETS,
    UNIT_OF_FIELD,
    UNITS,
    Fields,
    Json,
    item_key,
)
from services.customers.domain.fold import fold, one_primary
from services.customers.domain.forest import Tree
from services.customers.domain.record import Actor, Edit, OwnRecord

SHORT_FORMS: Mapping[str, str] = {short: kind for kind, (short, _) in CONTACT_KINDS.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """What a root shall show: new values of whole units, and all items of set fields."""

    units: Mapping[str, Fields] = field(default_factory=dict)
    items: Mapping[str, list[Json]] = field(default_factory=dict)


def new_record(fields: Fields, now: datetime, actor: Actor) -> OwnRecord:
    """The own record of a customer that is created with checked fields; defaults are filled in."""
    filled: Fields = {name: allowed[0] for name, allowed in CHOICE_FIELDS.items()} | fields
    if not filled.get("name"):
        filled["name"] = joined_name(filled)
    filled["lifecycle_stage_at"] = now.isoformat()
    filled["contact_points"] = one_primary("contact_points", filled.get("contact_points", []))
    filled = {name: value for name, value in filled.items() if value not in (None, "", [], {})}
    times = {unit.name: now for unit in UNITS if any(name in filled for name in unit.fields)}
    return OwnRecord(filled, times, now, now, actor, actor)


def change_of(shown: Fields, paths: Iterable[str], checked: Fields, now: datetime) -> Change:
    """The change that sets the fields of an update mask to their checked values; absent ones are cleared."""
    named = set(paths)
    units = {
        unit.name: _unit_values(unit.fields, shown, named, checked, now) for unit in UNITS if named & set(unit.fields)
    }
    units = {name: values for name, values in units.items() if values != _unit_now(name, shown)}
    items: dict[str, list[Json]] = {name: checked.get(name, []) for name in PLAIN_SETS if name in named}
    if "contact_points" in named or named & set(SHORT_FORMS):
        items["contact_points"] = _wanted_points(shown, named, checked)
    changed = {name: wanted for name, wanted in items.items() if _differs(name, shown.get(name, []), wanted)}
    return Change(units, changed)


def edited(tree: Tree, change: Change, now: datetime, actor: Actor) -> OwnRecord:
    """The root's own record after a change: in place while it is alone, else as an overlay over what is folded."""
    root = tree.root
    if not tree.edges:
        fields: Fields = dict(fold(tree))
        for name, values in change.units.items():
            for member in _fields_of(name):
                fields.pop(member, None)
            fields.update(values)
        for name, wanted in change.items.items():
            fields[name] = one_primary(name, wanted)
        fields = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
        times = {**root.times, **dict.fromkeys(change.units, now)}
        return root.touched(now, actor, fields=fields, times=times, overlay=())
    shown = fold(tree)
    edits = [Edit(now, name, values=dict(values)) for name, values in change.units.items()]
    edits += [_set_edit(name, shown.get(name, []), wanted, now) for name, wanted in change.items.items()]
    return root.touched(now, actor, overlay=(*root.overlay, *edits))


def deleted(root: OwnRecord, now: datetime, actor: Actor) -> OwnRecord:
    """The root's own record after a soft delete."""
    return replace(root.touched(now, actor), state="DELETED", deleted_at=now)


def _unit_now(name: str, shown: Fields) -> Fields:
    return {member: shown[member] for member in _fields_of(name) if member in shown}


def _fields_of(unit: str) -> tuple[str, ...]:
    return next(found.fields for found in UNITS if found.name == unit)


def _unit_values(members: tuple[str, ...], shown: Fields, named: set[str], checked: Fields, now: datetime) -> Fields:
    values = {name: checked.get(name) if name in named else shown.get(name) for name in members}
    if members == UNIT_OF_FIELD["name"].fields:
        _settle_name(values, named)
    if "lifecycle_stage" in named and values["lifecycle_stage"] != shown.get("lifecycle_stage"):
        values["lifecycle_stage_at"] = now.isoformat()
    if "birth_date" in named and values.get("birth_date"):
        values["birth_date_text"] = None
    for name, allowed in CHOICE_FIELDS.items():
        if name in values and not values[name]:
            values[name] = allowed[0]
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _settle_name(values: Fields, named: set[str]) -> None:
    """A new whole name ends the parts that it did not come with; new parts without a whole name make one."""
    parts = named & set(NAME_PARTS)
    if "name" not in named and parts:
        values["name"] = joined_name(values)
    elif "name" in named and not values["name"]:
        values["name"] = joined_name({part: values.get(part) for part in parts})
    if "name" in named and not parts:
        values.update(dict.fromkeys(NAME_PARTS))


def _wanted_points(shown: Fields, named: set[str], checked: Fields) -> list[Json]:
    """All contact points after an update: of the kinds that it names the given ones, a short form as the primary."""
    given: list[Json] = checked.get("contact_points", [])
    points: list[Json] = list(shown.get("contact_points", []))
    whole = {point["kind"] for point in given} if "contact_points" in named else set()
    if "contact_points" in named and not given:
        whole = set(CONTACT_KINDS)
    for short, kind in SHORT_FORMS.items():
        if short in named and kind not in whole:
            points = _with_primary(points, kind, next((point for point in given if point["kind"] == kind), None))
            given = [point for point in given if point["kind"] != kind]
    return [_seen_before(point, shown) for point in [*(p for p in points if p["kind"] not in whole), *given]]


def _with_primary(points: list[Json], kind: str, wanted: Json | None) -> list[Json]:
    before = primary(points, kind)
    rest = [point for point in points if point is not before]
    if wanted is None:
        return rest
    same = item_key("contact_points", wanted)
    return [wanted, *(point for point in rest if item_key("contact_points", point) != same)]


def _seen_before(point: Json, shown: Fields) -> Json:
    key = item_key("contact_points", point)
    for known in shown.get("contact_points", []):
        if item_key("contact_points", known) == key:
            return {**point, "first_seen": known["first_seen"]}
    return point


def _differs(name: str, now: list[Json], wanted: list[Json]) -> bool:
    """Whether items differ in more than when they were last seen."""

    def compared(items: list[Json]) -> list[Json]:
        if name != "contact_points":
            return sorted(items, key=lambda item: item_key(name, item))
        return [{key: value for key, value in item.items() if key != "last_seen"} for item in items]

    return compared(one_primary(name, now)) != compared(one_primary(name, wanted))


def _set_edit(name: str, now_items: list[Json], wanted: list[Json], now: datetime) -> Edit:
    wanted = one_primary(name, wanted)
    current = {item_key(name, item): item for item in now_items}
    keys = {item_key(name, item) for item in wanted}
    added = tuple(item for item in wanted if current.get(item_key(name, item)) != item)
    return Edit(now, name, added=added, removed=tuple(key for key in current if key not in keys))
