"""The view: what is shown of a customer, stored beside its own record and rebuilt whenever what it folds changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.fields import Fields, Json
from services.customers.domain.fold import fold, shown
from services.customers.domain.forest import Tree
from services.customers.domain.record import OwnRecord, actor_to_json
from services.customers.domain.shown import Shown
from services.customers.domain.times import time_text


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of one customer. `data` is JSON: the folded fields, state, times, actors and the merged ids.

    `text` is the same in canonical form, of which the etag is a short hash: the same content has the same etag.
    """

    customer_id: str
    root_id: str
    state: str
    data: dict[str, Json]
    text: str
    etag: str


def root_view(tree: Tree) -> View:
    """What the root of a tree shows."""
    return _root_view(tree, fold(tree))


def views(tree: Tree, folded: Mapping[str, Shown] | None = None, only: Container[str] | None = None) -> dict[str, View]:
    """What each member of a tree shows: the root, and each merged one its own tree's record and where it went.

    `folded` is what the members show, where it was folded before; `only`: of the merged ones these.
    """
    states = folded or shown(tree)
    asked = [one for one in states if one != tree.root_id and (only is None or one in only)]
    merged = {member: _member_view(tree, member, states[member].fields) for member in asked}
    return {tree.root_id: _root_view(tree, states[tree.root_id].fields), **merged}


def _root_view(tree: Tree, fields: Fields) -> View:
    root = tree.root
    members = sorted(set(tree.members) - {tree.root_id})
    data = _data(fields, root, root.state, _changed_at(tree))
    if members:
        data["merged_customer_ids"] = members
    return _view(tree.root_id, tree.root_id, root.state, data)


def _member_view(tree: Tree, customer_id: str, fields: Fields) -> View:
    own = tree.members[customer_id]
    data = _data(fields, own, "MERGED", own.updated_at)
    data["merged_into"] = tree.root_id
    return _view(customer_id, tree.root_id, "MERGED", data)


def _view(customer_id: str, root_id: str, state: str, data: dict[str, Json]) -> View:
    text = canonical(data)
    return View(customer_id, root_id, state, data, text, hashlib.sha256(text.encode()).hexdigest()[:20])


canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""JSON with sorted keys and no spaces: equal for equal content."""


def _changed_at(tree: Tree) -> datetime:
    return max([tree.root.updated_at, *(edge.merged_at for edge in tree.edges)])


def _data(fields: Fields, own: OwnRecord, state: str, updated_at: datetime) -> dict[str, Json]:
    data = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
    data |= {
        "state": state,
        "created_at": time_text(own.created_at),
        "updated_at": time_text(updated_at),
        "created_by": actor_to_json(own.created_by),
        "updated_by": actor_to_json(own.updated_by),
    }
    if own.deleted_at is not None:
        data["deleted_at"] = time_text(own.deleted_at)
    return data
