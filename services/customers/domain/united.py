"""Fields that hold many values: how two lists become one, and what an edit leaves of a list."""

from __future__ import annotations

from collections.abc import Mapping

from services.customers.domain.fields import Json, item_key
from services.customers.domain.record import Edit


def united(field: str, first: list[Json], second: list[Json]) -> list[Json]:
    """Both lists as one, without doubles; of the same contact point the spans seen and verified are united."""
    if not second:
        return one_primary(field, first)
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


def edited_items(field: str, items: list[Json], edit: Edit) -> list[Json]:
    """The items of a set field after an edit: without the removed ones, the others as they are now, new ones last."""
    added = {item_key(field, item): item for item in edit.added}
    changed = {item_key(field, item): item for item in edit.changed} | added
    removed = set(edit.removed)
    kept = {item_key(field, item): item for item in items if item_key(field, item) not in removed}
    now = {key: changed.get(key, item) for key, item in kept.items()}
    return one_primary(field, _as_stated(field, {**now, **added}, changed))


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
    return [
        item if item["primary"] is (place in places) else {**item, "primary": place in places}
        for place, item in enumerate(items)
    ]


def _as_stated(field: str, items: Mapping[tuple[str, ...], Json], stated: Mapping[tuple[str, ...], Json]) -> list[Json]:
    """The items with those contact points primary that an edit says are, whichever were so in what it replaces."""
    if field != "contact_points":
        return list(items.values())
    kinds = {item["kind"] for key, item in items.items() if key in stated and item["primary"]}
    return [
        {**item, "primary": False} if item["kind"] in kinds and key not in stated else item
        for key, item in items.items()
    ]


def _united_points(first: Mapping[str, Json], second: Mapping[str, Json]) -> dict[str, Json]:
    return {
        **second,
        **first,
        "verified": first["verified"] or second["verified"],
        "first_seen": min(first["first_seen"], second["first_seen"]),
        "last_seen": max(first["last_seen"], second["last_seen"]),
    }
