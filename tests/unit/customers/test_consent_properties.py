"""Consent over random forests: the most restrictive answer counts, and an undo leaves only opt-outs behind."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.consent import answer, restricts, stricter
from services.customers.domain.edits import Change, edited
from services.customers.domain.fields import CONSENTS, Fields
from services.customers.domain.fold import fold
from services.customers.domain.merge import CHOOSABLE
from services.customers.domain.view import root_view
from services.customers.operations.update_preferences import Said, planned_changes
from tests.unit.customers.forests import ANN, LETTERS, START, World, act, own

permissions = st.sampled_from(sorted(CONSENTS))
answers = st.builds(
    lambda value, hours, proof: answer(value, START + timedelta(hours=hours), proof),
    st.booleans(),
    st.integers(0, 5),
    st.sampled_from(["", "form", "call"]),
)
consents = st.dictionaries(permissions, answers, max_size=4)


@st.composite
def consenting(draw: st.DrawFn) -> World:
    """A few customers that answered this and that, and nobody has merged yet."""
    given_answers = draw(st.lists(consents, min_size=2, max_size=5))
    fields: list[Fields] = [{"name": LETTERS[place], **one} for place, one in enumerate(given_answers)]
    return World({one["name"]: own(**one) for one in fields})


def say(world: World, root_id: str, said_now: dict[str, Any]) -> None:
    """What UpdatePreferences does to the records of a tree."""
    now, tree = world.tick(), world.tree(root_id)
    for member, change in planned_changes(tree, Said((), {}, said_now), now).items():
        world.records[member] = edited(tree.part(member), change, now, ANN)


def strictest(world: World, root_id: str, permission: str) -> Any:
    found = None
    for member in world.tree(root_id).members:
        found = stricter(permission, found, world.records[member].fields.get(permission))
    return found


@given(permissions, answers, answers, answers)
def test_the_stricter_of_answers_is_the_same_in_any_order(permission: str, one: Any, two: Any, three: Any) -> None:
    assert stricter(permission, one, two) == stricter(permission, two, one)
    left = stricter(permission, stricter(permission, one, two), three)
    assert left == stricter(permission, one, stricter(permission, two, three))
    assert restricts(permission, left) == any(restricts(permission, given) for given in (one, two, three))
    assert stricter(permission, one, None) == stricter(permission, None, one) == one


@given(consenting(), st.data())
def test_a_tree_shows_the_most_restrictive_answer_of_all_its_members_whatever_rules_say(
    world: World, data: st.DataObject
) -> None:
    act(data.draw, world, lambda: "merge")
    for root_id, shown in world.folds().items():
        for permission in CONSENTS:
            assert shown.get(permission) == strictest(world, root_id, permission)


@given(consenting(), st.data())
def test_merges_undone_in_any_order_leave_each_side_its_own_answers(world: World, data: st.DataObject) -> None:
    before = {root: root_view(world.tree(root)) for root in world.roots()}
    act(data.draw, world, lambda: "merge")
    for merge_id in data.draw(st.permutations(world.merges())):
        world.undo(merge_id)
    assert {root: root_view(world.tree(root)) for root in world.roots()} == before


@given(consenting(), permissions, st.data())
def test_an_opt_out_given_to_a_root_stays_on_every_member_after_every_undo(
    world: World, permission: str, data: st.DataObject
) -> None:
    act(data.draw, world, lambda: "merge")
    root_id = data.draw(st.sampled_from(world.roots()))
    members = set(world.tree(root_id).members)
    opt_out = answer(CONSENTS[permission], START + timedelta(hours=9), "told us")
    say(world, root_id, {permission: opt_out})
    assert fold(world.tree(root_id))[permission] == opt_out
    act(data.draw, world, lambda: "merge")
    for merge_id in data.draw(st.permutations(world.merges())):
        world.undo(merge_id)
    shown = world.folds()
    assert all(restricts(permission, shown[member].get(permission)) for member in members)


@given(consenting(), permissions, st.data())
def test_an_opt_in_or_a_withdrawal_given_to_a_root_counts_and_leaves_the_others_as_they_were(
    world: World, permission: str, data: st.DataObject
) -> None:
    act(data.draw, world, lambda: "merge")
    root_id = data.draw(st.sampled_from(world.roots()))
    others = {member: record for member, record in world.records.items() if member != root_id}
    opt_in = data.draw(st.sampled_from([None, answer(not CONSENTS[permission], START, "asked us to")]))
    say(world, root_id, {permission: opt_in})
    assert fold(world.tree(root_id)).get(permission) == opt_in
    assert {member: record for member, record in world.records.items() if member != root_id} == others


@given(consenting(), consents, st.data())
def test_saying_the_same_again_changes_nothing(world: World, told: dict[str, Any], data: st.DataObject) -> None:
    act(data.draw, world, lambda: "merge")
    root_id = data.draw(st.sampled_from(world.roots()))
    say(world, root_id, told)
    tree = world.tree(root_id)
    assert planned_changes(tree, Said((), {}, told), world.tick()) == {}
    assert {name: fold(tree)[name]["value"] for name in told} == {name: one["value"] for name, one in told.items()}


def test_no_rule_and_no_choice_of_a_merge_names_consent() -> None:
    assert CHOOSABLE.isdisjoint(CONSENTS)
    assert {"preferred_payment", "best_contact_time"} <= CHOOSABLE


def test_an_older_edit_of_a_member_does_not_outlive_a_later_opt_out() -> None:
    """An opt-in that was given to a member while it was a root itself is older than the opt-out of the whole tree."""
    world = World({letter: own(name=letter) for letter in "ABC"})
    world.merge("B", ["C"], {}, {})
    opt_in, opt_out = (answer(value, START, "") for value in (True, False))
    say(world, "B", {"prefer_sms": opt_in})
    merge = world.merge("A", ["B"], {}, {})
    say(world, "A", {"prefer_sms": opt_out})
    world.undo(merge)
    assert fold(world.tree("B"))["prefer_sms"] == opt_out
    assert edited(world.tree("A"), Change(), world.tick(), ANN).fields["prefer_sms"] == opt_out
