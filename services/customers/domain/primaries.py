"""Primary contact points: which one of a kind is the primary one after a merge or an edit, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.customers.domain.candidates import Candidate, place_of, takes_source
from services.customers.domain.contact_points import primary
from services.customers.domain.fields import CONTACT_KINDS, Json, item_key
from services.customers.domain.forest import Edge, Tree
from services.customers.domain.record import OwnRecord
from services.customers.domain.shown import Shown
from services.customers.domain.votes import winner

Key = tuple[str, ...]


def note_claims(state: Shown) -> None:
    """Notes what is the primary contact point of each kind before points of others are united with it."""
    for kind, (short, _) in CONTACT_KINDS.items():
        if short not in state.claims and (point := state.primary(kind)) is not None:
            state.claims[short] = point


def fill_primaries(state: Shown, source: Shown) -> None:
    """Notes that the points of kinds that the target had none of are the source's."""
    for kind, (short, _) in CONTACT_KINDS.items():
        if short not in state.claims and (point := source.claims.get(short) or source.primary(kind)) is not None:
            state.claims[short] = point
            state.origins[short] = source.origin(short)


def choose_primary(state: Shown, kind: str, chosen: Shown | None) -> None:
    """Makes the primary contact point of a chosen member the primary one; None: the target, whose stays."""
    short = CONTACT_KINDS[kind][0]
    if chosen is not None and (wanted := chosen.claims.get(short) or chosen.primary(kind)) is not None:
        _make_primary(state, kind, wanted, chosen.origin(short))
    if short in state.votes:
        state.all_say(short)


def settle_primary(tree: Tree, state: Shown, edge: Edge, kind: str, before: list[Json], source: Shown) -> None:
    """The same by the edge's rule, once the points of both sides are united; `before` were the target's."""
    short, rule = CONTACT_KINDS[kind][0], edge.rules[CONTACT_KINDS[kind][0]]
    if rule == "MOST_FREQUENT":
        points = {_key(point): point for point in state.fields.get("contact_points", []) if point["kind"] == kind}
        votes = {form: one for form, one in state.votes[short].items() if one.values in points}
        if (most := winner(votes, state.customer_id)) is not None:
            _make_primary(state, kind, points[most.values], most.origin)
        return
    mine = _put_forward(tree, state, kind, rule, before)
    theirs = _put_forward(tree, source, kind, rule, source.fields.get("contact_points", []))
    one, other = (_candidate(tree, edge, *claim) if claim else None for claim in (mine, theirs))
    if (claim := theirs if takes_source(rule, one, other, state.customer_id) else mine) is not None:
        _make_primary(state, kind, *claim)


def edited_primaries(state: Shown, before: Mapping[str, Json | None]) -> None:
    """Notes that another primary contact point than before an edit is the root's own word."""
    for kind, (short, _) in CONTACT_KINDS.items():
        was, now = before[kind], state.primary(kind)
        if (was and _key(was)) != (now and _key(now)):
            state.origins[short] = state.customer_id
            state.claims.pop(short, None)
            if short in state.votes:
                state.all_say(short)


def _put_forward(tree: Tree, side: Shown, kind: str, rule: str, points: list[Json]) -> tuple[Json, str] | None:
    """The contact point of a side of a merge, and whose it is: its primary one, or rather one that is verified."""
    of_kind = [point for point in points if point["kind"] == kind]
    if not of_kind:
        return None
    short = CONTACT_KINDS[kind][0]
    point: Json = side.claims.get(short) or primary(points, kind)
    origin = side.origin(short)
    if rule == "VERIFIED_FIRST" and not point["verified"]:
        verified = next((one for one in of_kind if one["verified"]), None)
        if verified is not None:
            return verified, _holder(tree, side.customer_id, _key(verified))
    return point, origin


def _candidate(tree: Tree, edge: Edge, point: Mapping[str, Json], origin: str) -> Candidate:
    return Candidate(
        datetime.fromisoformat(point["first_seen"]),
        datetime.fromisoformat(point["last_seen"]),
        len(point["value"]),
        place_of(tree, edge, origin),
        point["verified"],
        origin,
    )


def _make_primary(state: Shown, kind: str, claim: Json, origin: str) -> None:
    points, key = state.fields.get("contact_points", []), _key(claim)
    if any(_key(point) == key for point in points):
        state.fields["contact_points"] = [
            {**point, "primary": _key(point) == key} if point["kind"] == kind else point for point in points
        ]
        state.origins[CONTACT_KINDS[kind][0]] = origin
        state.claims[CONTACT_KINDS[kind][0]] = claim


def _holder(tree: Tree, customer_id: str, key: Key) -> str:
    """A member whose own record has a contact point: the first of the tree's, then that of the smallest id."""
    ids = [customer_id, *sorted(tree.below(customer_id))]
    return next((member for member in ids if _holds(tree.members[member], key)), customer_id)


def _holds(own: OwnRecord, key: Key) -> bool:
    edited = [item for edit in own.overlay if edit.unit == "contact_points" for item in (*edit.added, *edit.changed)]
    return any(_key(point) == key for point in (*own.fields.get("contact_points", []), *edited))


def _key(point: Json) -> Key:
    return item_key("contact_points", point)
