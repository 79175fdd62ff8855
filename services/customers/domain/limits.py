"""Limits: how many items of each list one customer holds itself; what was brought by a merge does not count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import replace

from services.customers.domain.fields import Json, item_key
from services.customers.domain.fold import fold
from services.customers.domain.forest import Tree
from services.customers.domain.record import Edit
from services.runtime.failures import FieldsInvalid, FieldViolation

MOST: Mapping[str, int] = {
    "contact_points": 50,
    "external_ids": 50,
    "tags": 100,
    "identifiers": 20,
    "favorite_products": 50,
}


def is_long(lists: Mapping[str, Json]) -> bool:
    """Whether any of these lists has more items than one customer holds itself."""
    return any(len(lists.get(name) or ()) > most for name, most in MOST.items())


def room_of(tree: Tree) -> dict[str, int]:
    """How many items beyond its limit each list of a root is read with: all that it shows, where others are merged."""
    shown = fold(tree) if tree.edges else {}
    return {name: len(shown.get(name, ())) for name in MOST}


def refuse_too_many(tree: Tree, lists: Mapping[str, list[Json]], prefix: str = "") -> None:
    """Raises FieldsInvalid where a root would hold too many items itself, unless nothing is added to what it shows."""
    if not is_long(lists):
        return
    wrong = [
        FieldViolation(prefix + name, f"would be {own} of its own; at most {MOST[name]} are kept")
        for name in MOST
        if (own := _too_many(tree, name, lists.get(name, ())))
    ]
    if wrong:
        raise FieldsInvalid(wrong)


def _too_many(tree: Tree, name: str, wanted: Collection[Json]) -> int:
    """How many of these items a root would hold itself; 0 where they are not too many, or all shown by now."""
    keys = {item_key(name, item) for item in wanted}
    if len(keys) <= MOST[name] or keys <= _keys(tree, name):
        return 0
    root = replace(tree.root, overlay=tuple(_letting_in(edit, name, keys) for edit in tree.root.overlay))
    said = _keys(Tree(tree.root_id, {tree.root_id: root}), name)
    brought = _keys(replace(tree, members={**tree.members, tree.root_id: root}), name) - said
    own = len(keys - brought)
    return own if own > MOST[name] else 0


def _letting_in(edit: Edit, name: str, keys: Set[tuple[str, ...]]) -> Edit:
    """An edit of the root that takes none of these items out any more, as one that has them would leave it."""
    return replace(edit, removed=tuple(key for key in edit.removed if key not in keys)) if edit.unit == name else edit


def _keys(tree: Tree, name: str) -> set[tuple[str, ...]]:
    return {item_key(name, item) for item in fold(tree).get(name, ())}
