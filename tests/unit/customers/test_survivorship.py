"""Which value a root shows after a merge: the rules, the choices, and what wins a tie."""

import pytest

from services.customers.domain.contact_points import primary
from services.customers.domain.fields import Fields
from services.customers.domain.fold import fold
from services.customers.domain.forest import RULES, Tree
from tests.unit.customers.forests import edge, email, own, pair, point


def shown_by(rule: str, target: Fields, source: Fields, *, target_after: int = 0, source_after: int = 0) -> Fields:
    """What T shows with S merged in by one rule for the organisation and the birth date."""
    tree = pair(
        own(after=target_after, name="T", **target),
        own(after=source_after, name="S", **source),
        rules={"organization": rule, "birth_date": rule, "name": rule},
    )
    return fold(tree)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_fills_what_is_empty_on_one_side(rule: str) -> None:
    shown = shown_by(rule, {"organization": "Acme"}, {"birth_date": "1980-01-01"})
    assert (shown["organization"], shown["birth_date"]) == ("Acme", "1980-01-01")


@pytest.mark.parametrize("rule", RULES)
def test_a_tie_stays_with_the_target_but_for_source_wins(rule: str) -> None:
    shown = shown_by(rule, {"organization": "Acme"}, {"organization": "Bolt"})
    assert shown["organization"] == ("Bolt" if rule == "SOURCE_WINS" else "Acme")


def test_most_recent_takes_the_value_that_was_written_last() -> None:
    assert shown_by("MOST_RECENT", {}, {}, source_after=5)["name"] == "S"
    assert shown_by("MOST_RECENT", {}, {}, target_after=5)["name"] == "T"


def test_oldest_takes_the_value_that_was_written_first() -> None:
    assert shown_by("OLDEST", {}, {}, source_after=5)["name"] == "T"
    assert shown_by("OLDEST", {}, {}, target_after=5)["name"] == "S"


def test_most_complete_takes_the_longest_value_of_the_whole_unit() -> None:
    tree = pair(
        own(name="Ann Lee"),
        own(name="A Lee", given_name="Ann", family_name="Lee"),
        rules={"name": "MOST_COMPLETE"},
    )
    assert (fold(tree)["name"], fold(tree)["given_name"]) == ("A Lee", "Ann")


def test_fields_of_one_unit_never_mix() -> None:
    tree = pair(own(name="Ann Lee", given_name="Ann"), own(name="Bo", title="Dr"), rules={"name": "SOURCE_WINS"})
    shown = fold(tree)
    assert (shown["name"], shown["title"]) == ("Bo", "Dr")
    assert "given_name" not in shown


def test_sets_unite_and_say_each_item_once() -> None:
    tree = pair(own(name="T", tags=["a", "b"]), own(name="S", tags=["b", "c"]))
    assert sorted(fold(tree)["tags"]) == ["a", "b", "c"]


def test_the_same_contact_point_of_both_sides_is_one_verified_and_seen_over_the_whole_span() -> None:
    early = email("a@x.io", verified=True, first_seen="2020-01-01T00:00:00+00:00")
    late = email("a@x.io", last_seen="2030-01-01T00:00:00+00:00")
    [both] = fold(pair(own(name="T", contact_points=[late]), own(name="S", contact_points=[early])))["contact_points"]
    assert both["verified"]
    assert (both["first_seen"][:4], both["last_seen"][:4]) == ("2020", "2030")


def test_the_primary_contact_point_of_the_target_stays_primary() -> None:
    target = own(name="T", contact_points=[email("t@x.io")])
    source = own(name="S", contact_points=[email("s@x.io", primary=True), point("PHONE", "+15550100")])
    points = fold(pair(target, source))["contact_points"]
    assert [item["value"] for item in points if item["primary"]] == ["t@x.io", "+15550100"]


def test_a_choice_wins_over_the_rule() -> None:
    tree = pair(own(name="T"), own(name="S"), rules={"name": "SOURCE_WINS"}, choices={"name": "T"})
    assert fold(tree)["name"] == "T"


def test_a_choice_of_an_empty_value_shows_nothing() -> None:
    tree = pair(own(name="T", organization="Acme"), own(name="S"), choices={"organization": "S"})
    assert "organization" not in fold(tree)


def test_a_choice_names_a_member_and_follows_what_that_member_says() -> None:
    before = pair(own(name="T"), own(name="S"), choices={"name": "S"})
    after = Tree("T", {**before.members, "S": own(name="Sue")}, before.edges)
    assert (fold(before)["name"], fold(after)["name"]) == ("S", "Sue")


def test_a_member_deep_in_the_source_can_be_chosen() -> None:
    members = {name: own(name=name) for name in "TSX"}
    edges = [edge("X", "S", after=1), edge("S", "T", after=2, choices={"name": "X"})]
    assert fold(Tree("T", members, edges))["name"] == "X"


def test_a_member_that_was_merged_into_the_target_before_can_be_chosen() -> None:
    members = {name: own(name=name) for name in "TSX"}
    edges = [edge("X", "T", after=1), edge("S", "T", after=2, choices={"name": "X"})]
    assert fold(Tree("T", members, edges))["name"] == "X"


def test_where_the_chosen_member_has_left_the_rule_holds_again() -> None:
    members = {name: own(name=name) for name in "TSX"}
    edges = [edge("X", "S", after=1), edge("S", "T", after=2, choices={"name": "X"}, rules={"name": "SOURCE_WINS"})]
    [left, _] = Tree("T", members, edges).without("X>S")
    assert fold(left)["name"] == "S"


def test_of_several_sources_of_one_merge_the_chosen_one_is_shown() -> None:
    members = {name: own(name=name) for name in "TSX"}
    for chosen in members:
        both = [edge(source, "T", after=1, merge="M", choices={"name": chosen}) for source in "SX"]
        assert fold(Tree("T", members, both))["name"] == chosen


def test_the_primary_e_mail_can_be_chosen_from_the_source() -> None:
    target = own(name="T", contact_points=[email("t@x.io"), point("PHONE", "+15550100")])
    source = own(name="S", contact_points=[email("s@x.io"), point("PHONE", "+15550199")])
    points = fold(pair(target, source, choices={"email": "S"}))["contact_points"]
    assert [item["value"] for item in points if item["primary"]] == ["+15550100", "s@x.io"]


def test_the_choice_of_a_member_without_an_e_mail_leaves_the_primary_one() -> None:
    tree = pair(own(name="T", contact_points=[email("t@x.io")]), own(name="S"), choices={"email": "S"})
    found = primary(fold(tree)["contact_points"], "EMAIL")
    assert found is not None
    assert found["value"] == "t@x.io"


def test_sources_of_one_merge_are_folded_in_the_order_in_which_they_were_named() -> None:
    members = {"T": own(name="T"), "B": own(name="B", organization="Bolt"), "A": own(name="A", organization="Acme")}
    edges = [edge("B", "T", after=1, merge="M"), edge("A", "T", after=2, merge="M")]
    assert fold(Tree("T", members, edges))["organization"] == "Bolt"


def test_a_chain_of_a_thousand_merges_folds() -> None:
    members = {str(place): own(name=f"N{place}") for place in range(1001)}
    edges = [edge(str(place), str(place + 1), after=place, rules={"name": "SOURCE_WINS"}) for place in range(1000)]
    assert fold(Tree("1000", members, edges))["name"] == "N0"
