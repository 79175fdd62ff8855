"""The fold over random forests: what is undone leaves no trace, whatever the order."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.fields import CONTACT_KINDS, item_key
from services.customers.domain.fold import fold, shown, shown_joined
from services.customers.domain.view import root_view, views
from tests.unit.customers.forests import World, act, edits, forests, random_merge, worlds


def undo_in_any_order(data: st.DataObject, world: World) -> None:
    for merge_id in data.draw(st.permutations(world.merges())):
        world.undo(merge_id)


@given(worlds(), st.data())
def test_merges_undone_in_any_order_leave_every_customer_as_it_was(world: World, data: st.DataObject) -> None:
    before = world.folds()
    act(data.draw, world, lambda: "merge")
    undo_in_any_order(data, world)
    assert world.folds() == before


@given(forests(), st.data())
def test_a_merge_on_top_of_merges_and_edits_is_undone_without_a_trace(world: World, data: st.DataObject) -> None:
    before = {root: root_view(world.tree(root)) for root in world.roots()}
    if len(before) < 2:
        return
    world.undo(random_merge(data.draw, world))
    assert {root: root_view(world.tree(root)) for root in world.roots()} == before


@given(worlds(), st.data())
def test_an_undo_out_of_order_gives_what_would_be_had_the_merge_never_been(world: World, data: st.DataObject) -> None:
    act(data.draw, world, lambda: "merge")
    other = copy.deepcopy(world)
    if not world.merges():
        return
    order = data.draw(st.permutations(world.merges()))
    cut = data.draw(st.integers(0, len(order)))
    for merge_id in order[:cut]:
        world.undo(merge_id)
    for merge_id in sorted(order[:cut]):
        other.undo(merge_id)
    assert world.folds() == other.folds()


@given(forests(), st.data())
def test_the_trees_left_by_an_undo_are_those_of_the_forest(world: World, data: st.DataObject) -> None:
    if not world.merges():
        return
    left = world.undo(data.draw(st.sampled_from(world.merges())))
    for tree in left:
        whole = world.tree(tree.root_id)
        assert set(tree.members) == set(whole.members)
        assert fold(tree) == fold(whole)


@given(forests())
def test_what_a_member_shows_is_what_its_own_part_of_the_tree_folds_to(world: World) -> None:
    for root in world.roots():
        tree = world.tree(root)
        for member, state in shown(tree).items():
            assert fold(tree.part(member)) == state.fields


@given(forests(), st.data())
def test_what_is_joined_to_a_tree_is_folded_in_as_if_all_were_folded_anew(world: World, data: st.DataObject) -> None:
    if len(world.roots()) < 2:
        return
    before = {member: state for root in world.roots() for member, state in shown(world.tree(root)).items()}
    parts, kept = {root: world.tree(root) for root in world.roots()}, copy.deepcopy(before)
    merge_id = random_merge(data.draw, world)
    edges = [edge for edge in world.edges if edge.merge_id == merge_id]
    tree = world.tree(edges[0].target_id)
    assert shown_joined(tree, parts[tree.root_id], edges, before) == shown(tree)
    assert before == kept, "what was known before stays as it was"


@given(forests())
def test_the_order_in_which_members_and_edges_are_read_does_not_matter(world: World) -> None:
    backwards = World(dict(reversed(world.records.items())), list(reversed(world.edges)))
    roots = sorted(world.roots())
    assert [views(backwards.tree(root)) for root in roots] == [views(world.tree(root)) for root in roots]


@given(forests())
def test_a_fold_changes_no_record(world: World) -> None:
    before = copy.deepcopy(world.records)
    world.folds()
    assert world.records == before


@given(forests())
def test_every_contact_point_is_shown_once_and_one_of_a_kind_is_primary(world: World) -> None:
    for fields in world.folds().values():
        points = fields.get("contact_points", [])
        keys = [item_key("contact_points", point) for point in points]
        assert len(set(keys)) == len(keys)
        for kind in CONTACT_KINDS:
            of_kind = [point["primary"] for point in points if point["kind"] == kind]
            assert sum(of_kind) == bool(of_kind)


@given(forests(), edits, st.data())
def test_an_edit_is_what_the_root_shows_and_changes_no_other_record(
    world: World, edit: tuple[list[str], dict[str, Any]], data: st.DataObject
) -> None:
    paths, fields = edit
    root = data.draw(st.sampled_from(world.roots()))
    others = {member: record for member, record in world.records.items() if member != root}
    world.edit(root, paths, fields)
    now = fold(world.tree(root))
    for path in set(paths) & {"name", "organization", "birth_date", "metadata"}:
        assert now.get(path) == fields.get(path)
    if "tags" in paths:
        assert sorted(now.get("tags", [])) == sorted(fields.get("tags", []))
    if "contact_points" in paths:
        assert {point["value"] for point in now.get("contact_points", [])} == {
            point["value"] for point in fields.get("contact_points", [])
        }
    assert {member: record for member, record in world.records.items() if member != root} == others


@given(worlds(), st.data())
def test_after_undoing_every_merge_an_edit_is_left_on_the_side_that_it_was_made_on(
    world: World, data: st.DataObject
) -> None:
    before = world.folds()
    random_merge(data.draw, world)
    root = world.roots()[0]
    paths, fields = data.draw(edits)
    shown_then = fold(world.tree(root))
    world.edit(root, paths, fields)
    undo_in_any_order(data, world)
    after = world.folds()
    assert {member: shown for member, shown in after.items() if member != root} == {
        member: shown for member, shown in before.items() if member != root
    }
    for name in ("tags", "contact_points"):
        had = {item_key(name, item) for item in before[root].get(name, [])}
        saw = {item_key(name, item) for item in shown_then.get(name, [])}
        wrote = {item_key(name, item) for item in fields.get(name, [])} if name in paths else saw
        now = {item_key(name, item) for item in after[root].get(name, [])}
        assert now == (had & wrote) | (wrote - saw)
