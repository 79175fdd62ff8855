"""Primary contact points: which one of a kind is the primary one after a merge or an edit, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.candidates import Candidate, place_of, takes_source
from services.customers.domain.contact_points import primary
from services.customers.domain.fields import CONTACT_KINDS, Json, item_key
from services.customers.domain.forest import Edge, Tree
from services.customers.domain.record import OwnRecord
from services.customers.domain.shown import Shown
from services.customers.domain.votes import winner

Key = tuple[str, ...]


def choose_primary(state: Shown, kind: str, chosen: Shown | None) -> None:
    """Makes the primary contact point of a chosen member the primary one; None: the target, whose stays."""
    short = CONTACT_KINDS[kind][0]
    if chosen is not None and (wanted := chosen.primary(kind)) is not None:
        _make_primary(state, kind, _key(wanted), chosen.origin(short))
    if short in state.votes:
        state.all_say(short)


def settle_primary(tree: Tree, state: Shown, edge: Edge, kind: str, before: list[Json], source: Shown) -> None:
    """The same by the edge's rule, once the points of both sides are united; `before` were the target's."""
    short, rule = CONTACT_KINDS[kind][0], edge.rules[CONTACT_KINDS[kind][0]]
    points = {_key(point): point for point in state.fields.get("contact_points", []) if point["kind"] == kind}
    if rule == "MOST_FREQUENT":
        votes = {form: one for form, one in state.votes[short].items() if one.values in points}
        if (most := winner(votes, state.customer_id)) is not None:
            _make_primary(state, kind, most.values, most.origin)
        return
    look = _Look(tree, edge, kind, rule, points)
    mine = look.claim(state, before)
    theirs = look.claim(source, source.fields.get("contact_points", []))
    taken = takes_source(rule, mine and mine[1], theirs and theirs[1], state.customer_id)
    if (claim := theirs if taken else mine) is not None:
        _make_primary(state, kind, claim[0], claim[1].origin)


def edited_primaries(state: Shown, before: Mapping[str, Json | None]) -> None:
    """Notes that another primary contact point than before an edit is the root's own word."""
    for kind, (short, _) in CONTACT_KINDS.items():
        was, now = before[kind], state.primary(kind)
        if (was and _key(was)) != (now and _key(now)):
            state.origins[short] = state.customer_id
            if short in state.votes:
                state.all_say(short)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is looked at for the primary contact point of a kind: by rule, the united points by their keys."""

    tree: Tree
    edge: Edge
    kind: str
    rule: str
    points: Mapping[Key, Json]

    def claim(self, side: Shown, points: list[Json]) -> tuple[Key, Candidate] | None:
        """The contact point that a side of the merge puts forward: its primary one, or rather a verified one."""
        if (first := primary(points, self.kind)) is None:
            return None
        key, origin = _key(first), side.origin(CONTACT_KINDS[self.kind][0])
        if self.rule == "VERIFIED_FIRST" and not self.points[key]["verified"]:
            keys = [_key(point) for point in points if point["kind"] == self.kind]
            if (verified := next((one for one in keys if self.points[one]["verified"]), None)) is not None:
                key, origin = verified, _holder(self.tree, side.customer_id, verified)
        return key, self._candidate(self.points[key], origin)

    def _candidate(self, point: Mapping[str, Json], origin: str) -> Candidate:
        return Candidate(
            datetime.fromisoformat(point["first_seen"]),
            datetime.fromisoformat(point["last_seen"]),
            len(point["value"]),
            place_of(self.tree, self.edge, origin),
            point["verified"],
            origin,
        )


def _make_primary(state: Shown, kind: str, key: Key, origin: str) -> None:
    points = state.fields.get("contact_points", [])
    if any(_key(point) == key for point in points):
        state.fields["contact_points"] = [
            {**point, "primary": _key(point) == key} if point["kind"] == kind else point for point in points
        ]
        state.origins[CONTACT_KINDS[kind][0]] = origin


def _holder(tree: Tree, customer_id: str, key: Key) -> str:
    """A member whose own record has a contact point: the first of the tree's, then that of the smallest id."""
    ids = [customer_id, *sorted(tree.below(customer_id))]
    return next((member for member in ids if _holds(tree.members[member], key)), customer_id)


def _holds(own: OwnRecord, key: Key) -> bool:
    edited = [item for edit in own.overlay if edit.unit == "contact_points" for item in (*edit.added, *edit.changed)]
    return any(_key(point) == key for point in (*own.fields.get("contact_points", []), *edited))


def _key(point: Json) -> Key:
    return item_key("contact_points", point)
