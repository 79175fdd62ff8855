"""Limits: how many items of each list one customer holds itself; what was brought by a merge does not count."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.customers.domain.fields import Json, item_key
from services.customers.domain.fold import fold
from services.customers.domain.forest import Tree
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
    said = {member: _keys(Tree(member, {member: own}), name) for member, own in tree.members.items()}
    brought = set().union(*(items for member, items in said.items() if member != tree.root_id))
    own = len(keys - (brought - said[tree.root_id]))
    return own if own > MOST[name] else 0


def _keys(tree: Tree, name: str) -> set[tuple[str, ...]]:
    return {item_key(name, item) for item in fold(tree).get(name, ())}
