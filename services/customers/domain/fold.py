"""The fold: what a root shows, as a pure function of the own records and edges of its tree.

Starting from a member's own fields, what happened to it is replayed in the order of time: an edge folds in what the
source shows, an edit made on the root replaces what came before. Taking an edge out and folding again is an undo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.customers.domain.candidates import NEVER, Candidate, place_of, takes_source
from services.customers.domain.consent import stricter
from services.customers.domain.fields import CONSENTS, CONTACT_KINDS, SET_FIELDS, UNITS, Fields, Unit, is_empty
from services.customers.domain.forest import DEFAULT_RULE, Edge, Tree
from services.customers.domain.primaries import (
    choose_primary,
    edited_primaries,
    fill_primaries,
    note_claims,
    settle_primary,
)
from services.customers.domain.record import Edit
from services.customers.domain.shown import Shown
from services.customers.domain.united import edited_items, united
from services.customers.domain.votes import UNIT_BY_NAME, added, counted, winner

__all__ = ["Shown", "apply_edit", "fold", "shown", "shown_joined"]


def fold(tree: Tree) -> Fields:
    """The fields that the root of a tree shows."""
    return shown(tree)[tree.root_id].fields


def shown(tree: Tree) -> dict[str, Shown]:
    """What each member of a tree shows with all that is merged into it."""
    root = tree.root
    if not tree.edges and not root.overlay:
        return {tree.root_id: Shown(tree.root_id, dict(root.fields), dict(root.times))}
    states: dict[str, Shown] = {}
    names = counted(tree)
    for customer_id in reversed(list(tree.below(tree.root_id))):
        states[customer_id] = _replayed(tree, customer_id, states, names)
    return states


def shown_joined(tree: Tree, target: Tree, edges: Sequence[Edge], before: Mapping[str, Shown]) -> dict[str, Shown]:
    """What `shown` gives for a target that the edges have just joined to others; `before`: what all showed until then.

    Only the root shows anything else than before, and only the new edges are folded in, unless they change what older
    steps take: where votes are counted from now on, or an older choice names somebody who comes in with them.
    """
    root_id, names = tree.root_id, counted(tree)
    roots = [root_id, *(edge.source_id for edge in edges)]
    chosen = {member for edge in target.edges_into(root_id) for member in edge.choices.values()}
    times = [step.merged_at for step in target.edges_into(root_id)] + [edit.time for edit in target.root.overlay]
    if (
        any(before[one].votes.keys() != names for one in roots)
        or not chosen <= target.members.keys()
        or max(times, default=NEVER) >= edges[0].merged_at
    ):
        return shown(tree)
    state = before[root_id].copied()
    for edge in edges:
        _fold_in(tree, state, edge, _chosen(edge, tree, before), before[edge.source_id])
    return {**{member: before[member] for member in tree.members}, root_id: state}


def _replayed(tree: Tree, customer_id: str, below: Mapping[str, Shown], names: frozenset[str]) -> Shown:
    """A member's own fields and then, in the order of time, what was merged into it and edited on it."""
    own = tree.members[customer_id]
    state = Shown(customer_id, dict(own.fields), dict(own.times))
    for name in names:
        state.all_say(name)
    steps: list[tuple[datetime, int, Edge | Edit]] = [
        (edge.merged_at, 0, edge) for edge in tree.edges_into(customer_id)
    ]
    steps += [(edit.time, 1, edit) for edit in own.overlay]
    for _, _, step in sorted(steps, key=lambda found: found[:2]):
        if isinstance(step, Edge):
            _fold_in(tree, state, step, _chosen(step, tree, below), below[step.source_id])
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
        before = {kind: state.primary(kind) for kind in CONTACT_KINDS}
        state.fields[edit.unit] = edited_items(edit.unit, state.fields.get(edit.unit, []), edit)
        state.times[edit.unit] = edit.time
        if edit.unit == "contact_points":
            edited_primaries(state, before)
        return
    _put(state, UNIT_BY_NAME[edit.unit], edit.values, edit.time)
    state.origins[edit.unit] = state.customer_id
    if edit.unit in state.votes:
        state.all_say(edit.unit)


def _fold_in(tree: Tree, state: Shown, edge: Edge, chosen: Mapping[str, Shown | None], source: Shown) -> None:
    state.members += source.members
    for name in state.votes:
        state.votes[name] = added(state.votes[name], source.votes[name], state.customer_id)
    for unit in UNITS:
        if unit.name in CONSENTS:
            _take_stricter(state, unit, source)
        elif unit.name in chosen:
            _take(state, unit, chosen[unit.name])
            if unit.name in state.votes:
                state.all_say(unit.name)
        else:
            _survive(tree, state, edge, unit, source)
    _unite_sets(tree, state, edge, chosen, source)


def _unite_sets(tree: Tree, state: Shown, edge: Edge, chosen: Mapping[str, Shown | None], source: Shown) -> None:
    """Unites the lists of both sides, and says which contact points are the primary ones."""
    before = state.fields.get("contact_points", [])
    note_claims(state)
    for field in SET_FIELDS:
        items = united(field, state.fields.get(field, []), source.fields.get(field, []))
        if items:
            state.fields[field] = items
    fill_primaries(state, source)
    for kind, (short, _) in CONTACT_KINDS.items():
        if short in chosen:
            choose_primary(state, kind, chosen[short])
        elif short in edge.rules:
            settle_primary(tree, state, edge, kind, before, source)


def _survive(tree: Tree, state: Shown, edge: Edge, unit: Unit, source: Shown) -> None:
    """Leaves a unit, or takes what the source or most of all members say, by the edge's rule."""
    rule = edge.rules.get(unit.name, DEFAULT_RULE)
    if rule == DEFAULT_RULE:
        if is_empty(unit, state.fields) and not is_empty(unit, source.fields):
            _take(state, unit, source)
    elif rule == "MOST_FREQUENT":
        if (most := winner(state.votes[unit.name], state.customer_id)) is not None:
            _put(state, unit, most.values, most.time)
            state.origins[unit.name] = most.origin
    elif rule == "UNION":
        _unite_objects(state, unit, source)
    elif takes_source(
        rule, _candidate(tree, edge, unit, state), _candidate(tree, edge, unit, source), state.customer_id
    ):
        _take(state, unit, source)


def _candidate(tree: Tree, edge: Edge, unit: Unit, side: Shown) -> Candidate | None:
    if is_empty(unit, side.fields):
        return None
    written, origin = side.times.get(unit.name, NEVER), side.origin(unit.name)
    size = sum(len(str(side.fields[name])) for name in unit.fields if side.fields.get(name))
    return Candidate(written, written, size, place_of(tree, edge, origin), False, origin)


def _unite_objects(state: Shown, unit: Unit, source: Shown) -> None:
    """The entries of both objects; of the same name the target's."""
    [name] = unit.fields
    mine, theirs = state.fields.get(name), source.fields.get(name)
    if not mine or not theirs:
        if theirs:
            _take(state, unit, source)
    elif theirs.keys() - mine.keys():
        times = [side.times[unit.name] for side in (state, source) if unit.name in side.times]
        _put(state, unit, {name: {**theirs, **mine}}, max(times, default=None))
        state.origins[unit.name] = ""


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
