"""Edits: how what a writer says becomes a new record, or changes the own record of a root."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.customers.domain.contact_points import primary
from services.customers.domain.draft import joined_name
from services.customers.domain.fields import (
    CHOICE_FIELDS,
    CONTACT_KINDS,
    NAME_PARTS,
    PLAIN_SETS,
    UNITS,
    Fields,
    Json,
    item_key,
)
from services.customers.domain.fold import fold, shown
from services.customers.domain.forest import Tree
from services.customers.domain.record import Actor, Edit, OwnRecord
from services.customers.domain.times import time_text
from services.customers.domain.united import one_primary

SHORT_FORMS: Mapping[str, str] = {short: kind for kind, (short, _) in CONTACT_KINDS.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """What a root shall show: new values of whole units, and all items of set fields."""

    units: Mapping[str, Fields] = field(default_factory=dict)
    items: Mapping[str, list[Json]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.units or self.items)

    @property
    def names(self) -> list[str]:
        """The units and set fields that it changes, sorted."""
        return sorted([*self.units, *self.items])


def new_record(fields: Fields, now: datetime, actor: Actor) -> OwnRecord:
    """The own record of a customer that is created with checked fields; defaults are filled in."""
    filled: Fields = {name: allowed[0] for name, allowed in CHOICE_FIELDS.items()} | fields
    if not filled.get("name"):
        filled["name"] = joined_name(filled)
    filled["lifecycle_stage_at"] = time_text(now)
    filled["contact_points"] = one_primary("contact_points", filled.get("contact_points", []))
    filled = {name: value for name, value in filled.items() if value not in (None, "", [], {})}
    times = {unit.name: now for unit in UNITS if any(name in filled for name in unit.fields)}
    return OwnRecord(filled, times, now, now, actor, actor)


def change_of(seen: Fields, paths: Iterable[str], checked: Fields, now: datetime) -> Change:
    """The change that sets the fields of an update mask to their checked values; absent ones are cleared."""
    named = set(paths)
    units = {
        unit.name: _unit_values(unit.fields, seen, named, checked, now) for unit in UNITS if named & set(unit.fields)
    }
    units = {name: values for name, values in units.items() if values != _unit_now(name, seen)}
    items: dict[str, list[Json]] = {name: checked.get(name, []) for name in PLAIN_SETS if name in named}
    if "contact_points" in named or named & set(SHORT_FORMS):
        items["contact_points"] = _wanted_points(seen, named, checked)
    changed = {name: wanted for name, wanted in items.items() if _differs(name, seen.get(name, []), wanted)}
    return Change(units, changed)


def edited(tree: Tree, change: Change, now: datetime, actor: Actor) -> OwnRecord:
    """The root's own record after a change: in place while it is alone, else as an overlay over what is folded."""
    root = tree.root
    if not tree.edges:
        alone = shown(tree)[tree.root_id]
        fields: Fields = dict(alone.fields)
        for name, values in change.units.items():
            for member in _fields_of(name):
                fields.pop(member, None)
            fields.update(values)
        for name, wanted in change.items.items():
            fields[name] = one_primary(name, wanted)
        fields = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
        times = {**alone.times, **dict.fromkeys([*change.units, *change.items], now)}
        return root.touched(now, actor, fields=fields, times=times, overlay=())
    edits = [Edit(now, name, values=dict(values)) for name, values in change.units.items()]
    overlay = (*_still_counting(tree, change), *edits)
    for name, wanted in change.items.items():
        overlay = _with_set_edit(tree, overlay, name, one_primary(name, wanted), now)
    return root.touched(now, actor, overlay=overlay)


def rewritten(
    tree: Tree, change_from: Callable[[Fields], Change], now: datetime, actor: Actor
) -> tuple[Change, OwnRecord]:
    """A change of what the root said itself, below all that was merged in or edited since, and its record after it."""
    root = tree.root
    below = replace(root, overlay=()) if tree.edges else root
    alone = Tree(tree.root_id, {tree.root_id: below})
    change = change_from(fold(alone))
    own = edited(alone, change, now, actor)
    return change, replace(own, overlay=root.overlay) if tree.edges else own


def _unit_now(name: str, seen: Fields) -> Fields:
    return {member: seen[member] for member in _fields_of(name) if member in seen}


def _fields_of(unit: str) -> tuple[str, ...]:
    return next(found.fields for found in UNITS if found.name == unit)


def _unit_values(members: tuple[str, ...], seen: Fields, named: set[str], checked: Fields, now: datetime) -> Fields:
    values = {name: checked.get(name) if name in named else seen.get(name) for name in members}
    if "name" in members:
        _settle_name(values, named, seen)
    if "birth_date" in members:
        _settle_birth_date(values, named)
    for name, allowed in CHOICE_FIELDS.items():
        if name in values and not values[name]:
            values[name] = allowed[0]
    if "lifecycle_stage" in members and values["lifecycle_stage"] != seen.get("lifecycle_stage"):
        values["lifecycle_stage_at"] = time_text(now)
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _settle_birth_date(values: Fields, named: set[str]) -> None:
    """A date ends the text that stood for it; a new text without a date ends the date."""
    if "birth_date" in named and values["birth_date"]:
        values["birth_date_text"] = None
    elif "birth_date_text" in named and values["birth_date_text"]:
        values["birth_date"] = None


def _settle_name(values: Fields, named: set[str], seen: Fields) -> None:
    """A new whole name ends the parts that it did not come with; new parts make a name anew that was made of parts."""
    parts = named & set(NAME_PARTS)
    if "name" not in named:
        if seen.get("name", "") == joined_name(seen):
            values["name"] = joined_name(values)
    elif not values["name"]:
        values["name"] = joined_name({part: values.get(part) for part in parts})
    if "name" in named and not parts and values["name"] != seen.get("name"):
        values.update(dict.fromkeys(NAME_PARTS))


def _wanted_points(seen: Fields, named: set[str], checked: Fields) -> list[Json]:
    """All contact points after an update: of the kinds that it names the given ones, a short form as the primary."""
    given: list[Json] = checked.get("contact_points", [])
    points: list[Json] = list(seen.get("contact_points", []))
    shorts = {kind for short, kind in SHORT_FORMS.items() if short in named}
    whole = {point["kind"] for point in given} - shorts if "contact_points" in named else set()
    if "contact_points" in named and not whole:
        whole = set(CONTACT_KINDS) - shorts
    for short, kind in SHORT_FORMS.items():
        if short in named and kind not in whole:
            points = _with_primary(points, kind, next((point for point in given if point["kind"] == kind), None))
            given = [point for point in given if point["kind"] != kind]
    return [_seen_before(point, seen) for point in [*(p for p in points if p["kind"] not in whole), *given]]


def _with_primary(points: list[Json], kind: str, wanted: Json | None) -> list[Json]:
    before = primary(points, kind)
    rest = [point for point in points if point is not before]
    if wanted is None:
        return rest
    same = item_key("contact_points", wanted)
    known: Json = next((point for point in points if item_key("contact_points", point) == same), {})
    written = {**known, **wanted, "verified": known.get("verified", False)}
    return [written, *(point for point in rest if item_key("contact_points", point) != same)]


def _seen_before(point: Json, seen: Fields) -> Json:
    key = item_key("contact_points", point)
    for known in seen.get("contact_points", []):
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


def _still_counting(tree: Tree, change: Change) -> tuple[Edit, ...]:
    """The root's earlier edits but for those that a change takes the place of, or each edit would make it larger.

    A unit is replaced whole, so only its last edit counts. Those of a set go together where no merge came between.
    """
    last_merge = max(edge.merged_at for edge in tree.edges_into(tree.root_id))
    return tuple(
        edit
        for edit in tree.root.overlay
        if edit.unit not in change.units and not (edit.unit in change.items and edit.time >= last_merge)
    )


def _with_set_edit(
    tree: Tree, overlay: tuple[Edit, ...], name: str, wanted: list[Json], now: datetime
) -> tuple[Edit, ...]:
    """The overlay with an edit of a set field; what an earlier edit took out and this one has is let back in."""
    items = {item_key(name, item): item for item in wanted}
    before = tuple(
        replace(edit, removed=tuple(key for key in edit.removed if key not in items)) if edit.unit == name else edit
        for edit in overlay
    )
    members = {**tree.members, tree.root_id: replace(tree.root, overlay=before)}
    shown_now = {item_key(name, item): item for item in fold(replace(tree, members=members)).get(name, [])}
    edit = Edit(
        now,
        name,
        added=tuple(item for key, item in items.items() if key not in shown_now),
        changed=tuple(item for key, item in items.items() if shown_now.get(key, item) != item),
        removed=tuple(key for key in shown_now if key not in items),
    )
    return (*before, edit)
