"""Rules that count members, look at sources, at what is verified, at objects; and how rules are resolved."""

import pytest

from services.customers.domain.contact_points import primary
from services.customers.domain.fields import Fields, Json
from services.customers.domain.fold import fold, shown
from services.customers.domain.forest import Edge, Tree
from services.customers.domain.record import OwnRecord
from services.customers.domain.survivorship import SHIPPED, Survivorship, resolved
from tests.unit.customers.forests import World, edge, email, own, pair, point

EVERY_FIELD = {"name": "MOST_FREQUENT", "organization": "MOST_FREQUENT", "email": "MOST_FREQUENT"}


def star(target: OwnRecord, *sources: OwnRecord, rules: dict[str, str], **how: Json) -> Tree:
    """T with A, B, C and so on merged into it one after the other."""
    named = dict(zip("ABCDEF", sources, strict=False))
    edges = [edge(name, "T", after=place, rules=rules, **how) for place, name in enumerate(named, 1)]
    return Tree("T", {"T": target, **named}, edges)


def shown_name(tree: Tree) -> tuple[Json, str]:
    """The name and whose it is."""
    state = shown(tree)[tree.root_id]
    return state.fields["name"], state.origin("name")


def primary_of(tree: Tree, kind: str = "EMAIL") -> tuple[Json, str]:
    """The primary contact point and whose it is."""
    state = shown(tree)[tree.root_id]
    found = primary(state.fields["contact_points"], kind)
    assert found is not None
    return found["value"], state.origin(kind.lower())


def test_most_frequent_takes_what_most_members_say_in_whatever_spelling() -> None:
    tree = star(own(name="Ann Lee"), own(name="Smith, Bo"), own(name="Cy"), own(name="bo SMITH"), rules=EVERY_FIELD)
    assert shown_name(tree) == ("Smith, Bo", "A")


def test_of_several_spellings_the_targets_own_is_shown() -> None:
    assert shown_name(star(own(name="bo SMITH"), own(name="Smith, Bo"), rules=EVERY_FIELD)) == ("bo SMITH", "T")


def test_names_without_a_word_are_different_ones() -> None:
    assert shown_name(star(own(name="Ann"), own(name="!!!"), own(name="???"), rules=EVERY_FIELD)) == ("Ann", "T")


def test_texts_are_counted_without_case_and_objects_without_order() -> None:
    target = own(name="T", organization="Bolt", metadata={"c": 1})
    one = own(name="A", organization="ACME", metadata={"a": 1, "b": [{"c": 2, "d": 3}]})
    other = own(name="B", organization="acme", metadata={"b": [{"d": 3, "c": 2}], "a": 1})
    shown_now = fold(star(target, one, other, rules={"organization": "MOST_FREQUENT", "metadata": "MOST_FREQUENT"}))
    assert (shown_now["organization"], shown_now["metadata"]["a"]) == ("ACME", 1)


def test_most_frequent_stays_with_the_target_on_a_tie_and_goes_to_the_smallest_id_without_it() -> None:
    assert shown_name(star(own(name="Ann"), own(name="Bo"), rules=EVERY_FIELD)) == ("Ann", "T")
    tree = star(
        own(name="T"), own(name="S", organization="Bolt"), own(name="S", organization="Acme"), rules=EVERY_FIELD
    )
    assert fold(tree)["organization"] == "Bolt"


def test_members_of_a_chain_have_a_vote_each() -> None:
    members = {"T": own(name="Ann"), "S": own(name="Bo"), "X": own(name="Bo")}
    tree = Tree("T", members, [edge("X", "S", after=1), edge("S", "T", after=2, rules=EVERY_FIELD)])
    assert shown_name(tree) == ("Bo", "S")


def test_votes_are_counted_of_own_records_whatever_the_merges_before_showed() -> None:
    members = {"T": own(name="Ann"), "S": own(name="Bo"), "X": own(name="Ann"), "Y": own(name="Cy")}
    first = [edge("S", "T", after=1, rules={"name": "SOURCE_WINS"}), edge("Y", "X", after=1)]
    tree = Tree("T", members, [*first, edge("X", "T", after=2, rules=EVERY_FIELD)])
    assert shown_name(tree) == ("Ann", "T")


def test_an_empty_value_has_no_vote() -> None:
    tree = star(own(name="T"), own(name="A"), own(name="B", organization="Acme"), rules=EVERY_FIELD)
    assert fold(tree)["organization"] == "Acme"


def test_an_edit_of_the_root_counts_for_all_who_are_joined_by_then() -> None:
    world = World({"T": own(name="Ann"), **{name: own(name="Bo") for name in "ABCD"}})
    world.merge("T", ["A", "B"], EVERY_FIELD, {})
    world.edit("T", ["name"], {"name": "Anna"})
    merge_id = world.merge("T", ["C", "D"], EVERY_FIELD, {})
    assert fold(world.tree("T"))["name"] == "Anna"
    world.undo(merge_id)
    assert fold(world.tree("T"))["name"] == "Anna"


def test_an_edit_of_the_primary_e_mail_counts_for_all_too() -> None:
    mails = zip("TABC", "tsss", strict=True)
    world = World({name: own(name=name, contact_points=[email(value)]) for name, value in mails})
    world.merge("T", ["A", "B"], EVERY_FIELD, {})
    assert primary_of(world.tree("T")) == ("s", "A")
    world.edit("T", ["contact_points"], {"contact_points": [email("t", primary=True), email("s")]})
    world.merge("T", ["C"], EVERY_FIELD, {})
    assert primary_of(world.tree("T")) == ("t", "T")


def test_a_choice_counts_for_all_who_are_joined_by_then() -> None:
    members = {"T": own(name="Ann"), "A": own(name="Bo"), "B": own(name="Bo"), "C": own(name="Cy")}
    edges = [
        edge("A", "T", after=1),
        edge("B", "T", after=2, choices={"name": "T"}),
        edge("C", "T", after=3, rules=EVERY_FIELD),
    ]
    assert shown_name(Tree("T", members, edges)) == ("Ann", "T")


def test_an_undo_takes_votes_back() -> None:
    tree = star(own(name="Ann"), own(name="Bo"), own(name="Bo"), rules=EVERY_FIELD)
    assert fold(tree)["name"] == "Bo"
    assert fold(tree.without("B>T")[0])["name"] == "Ann"


def test_the_most_frequent_e_mail_becomes_the_primary_one() -> None:
    mails = [own(name="N", contact_points=[email(value)]) for value in ("t@x.io", "S@x.io", "s@X.io")]
    assert primary_of(star(*mails, rules=EVERY_FIELD)) == ("S@x.io", "A")


def test_what_an_edit_took_out_is_no_primary_contact_point_for_its_votes() -> None:
    world = World(
        {name: own(name=name, contact_points=[email(value)]) for name, value in zip("TABC", "tssc", strict=True)}
    )
    world.merge("T", ["A", "B"], {}, {})
    world.edit("T", ["contact_points"], {"contact_points": [email("t")]})
    world.merge("T", ["C"], EVERY_FIELD, {})
    assert primary_of(world.tree("T")) == ("t", "T")


@pytest.mark.parametrize(
    ("priority", "name"), [(("MANUAL", "CHAT"), "Man"), (("CHAT", "MANUAL"), "Chat"), (("IMPORT",), "T")]
)
def test_source_priority_takes_the_value_of_the_source_that_is_trusted_most(
    priority: tuple[str, ...], name: str
) -> None:
    members = {
        "T": own(name="T", source="API"),
        "A": own(name="Chat", source="CHAT"),
        "B": own(name="Man", source="MANUAL"),
    }
    first, second = (edge(one, "T", after=at, rules={"name": "SOURCE_PRIORITY"}) for at, one in enumerate("AB", 1))
    edges = [Edge(one.merge_id, one.source_id, "T", one.merged_at, one.rules, {}, priority) for one in (first, second)]
    assert fold(Tree("T", members, edges))["name"] == name


def test_source_priority_goes_by_whose_value_it_is_not_by_what_it_is_merged_into() -> None:
    members = {
        "T": own(name="T", source="IMPORT"),
        "S": own(name="S", source="CHAT"),
        "X": own(name="X", source="MANUAL", organization="Acme"),
    }
    rules = {"organization": "SOURCE_PRIORITY"}
    tree = Tree("T", members, [edge("X", "S", after=1), edge("S", "T", after=2, rules=rules)])
    target = own(name="T", source="IMPORT", organization="Bolt")
    assert fold(Tree("T", {**members, "T": target}, tree.edges))["organization"] == "Acme"


def verified(*points: Fields) -> OwnRecord:
    return own(name="N", contact_points=list(points))


VERIFIED = {"email": "VERIFIED_FIRST"}


def test_verified_first_makes_a_verified_contact_point_the_primary_one() -> None:
    target, source = verified(email("t@x.io", primary=True)), verified(email("s@x.io", verified=True))
    assert primary_of(pair(target, source, rules=VERIFIED)) == ("s@x.io", "S")
    assert primary_of(pair(source, target, rules=VERIFIED)) == ("s@x.io", "T")
    assert primary_of(pair(target, source))[0] == "t@x.io"


def test_verified_first_prefers_the_targets_own_of_two_and_finds_it_behind_its_primary_one() -> None:
    target = verified(email("t@x.io", primary=True), email("u@x.io", verified=True))
    source = verified(email("s@x.io", verified=True, primary=True))
    assert primary_of(pair(target, source, rules=VERIFIED)) == ("u@x.io", "T")


def test_verified_first_changes_nothing_where_nothing_is_verified() -> None:
    assert primary_of(pair(verified(email("t@x.io")), verified(email("s@x.io")), rules=VERIFIED)) == ("t@x.io", "T")


def test_the_primary_contact_point_follows_when_it_was_seen() -> None:
    early = verified(email("a@x.io", first_seen="2020-01-01T00:00:00+00:00", last_seen="2020-01-02T00:00:00+00:00"))
    late = verified(email("b@x.io"))
    assert primary_of(pair(early, late, rules={"email": "MOST_RECENT"}))[0] == "b@x.io"
    assert primary_of(pair(late, early, rules={"email": "OLDEST"}))[0] == "a@x.io"
    assert primary_of(pair(early, late, rules={"email": "SOURCE_WINS"})) == ("b@x.io", "S")


def seen(value: str, year: int, **more: Json) -> dict[str, Json]:
    return email(value, first_seen=f"{year}-01-01T00:00:00+00:00", last_seen=f"{year}-01-02T00:00:00+00:00", **more)


def test_primary_contact_points_are_compared_as_their_members_had_them() -> None:
    members = {
        "T": verified(seen("a@x.io", 2021)),
        "A": verified(seen("b@x.io", 2020, primary=True), seen("a@x.io", 2025)),
        "B": verified(seen("c@x.io", 2024)),
    }
    for order in ("AB", "BA"):
        edges = [edge(name, "T", after=at, rules={"email": "MOST_RECENT"}) for at, name in enumerate(order, 1)]
        assert primary_of(Tree("T", members, edges)) == ("c@x.io", "B")


def test_an_edited_primary_contact_point_is_compared_by_itself() -> None:
    world = World({"T": verified(seen("a@x.io", 2030)), "S": own(name="S"), "C": verified(seen("c@x.io", 2025))})
    world.merge("T", ["S"], {}, {})
    world.edit("T", ["contact_points"], {"contact_points": [seen("new@x.io", 2024)]})
    world.merge("T", ["C"], {"email": "MOST_RECENT"}, {})
    assert primary_of(world.tree("T")) == ("c@x.io", "C")


def test_a_contact_point_of_a_kind_that_the_target_lacks_is_primary_and_the_sources() -> None:
    source = own(name="S", contact_points=[point("PHONE", "+15550100")])
    for rule in ("TARGET_WINS", "SOURCE_WINS", "MOST_FREQUENT", "VERIFIED_FIRST"):
        assert primary_of(pair(own(name="T"), source, rules={"phone": rule}), "PHONE") == ("+15550100", "S")


def test_an_edit_makes_the_primary_contact_point_the_roots_own() -> None:
    world = World({"T": own(name="T"), "S": own(name="S", contact_points=[email("s@x.io")])})
    world.merge("T", ["S"], {}, {})
    assert primary_of(world.tree("T")) == ("s@x.io", "S")
    world.edit("T", ["contact_points"], {"contact_points": [email("s@x.io"), email("new@x.io")]})
    assert primary_of(world.tree("T"))[1] == "S"
    world.edit("T", ["contact_points"], {"contact_points": [email("new@x.io", primary=True), email("s@x.io")]})
    assert primary_of(world.tree("T")) == ("new@x.io", "T")


def test_objects_unite_and_of_the_same_name_the_targets_entry_stays() -> None:
    target, source = own(name="T", metadata={"a": 1, "b": 1}), own(name="S", metadata={"b": 2, "c": 2})
    state = shown(pair(target, source, rules={"metadata": "UNION"}))["T"]
    assert (state.fields["metadata"], state.origin("metadata")) == ({"a": 1, "b": 1, "c": 2}, "")
    alone = shown(pair(own(name="T"), source, rules={"metadata": "UNION"}))["T"]
    assert (alone.fields["metadata"], alone.origin("metadata")) == ({"b": 2, "c": 2}, "S")


def test_what_was_asked_for_counts_before_what_holds_for_the_field_and_that_before_the_default() -> None:
    holding = Survivorship({"name": "OLDEST", "contact_points": "VERIFIED_FIRST", "tags": "UNION"}, "MOST_RECENT")
    rules = resolved({"name": "SOURCE_WINS", "organization": "TARGET_WINS"}, holding)
    assert (rules["name"], rules["email"], rules["phone"]) == ("SOURCE_WINS", "VERIFIED_FIRST", "VERIFIED_FIRST")
    assert (rules["birth_date"], rules["metadata"]) == ("MOST_RECENT", "MOST_RECENT")
    assert "organization" not in rules
    assert "tags" not in rules
    assert resolved({}, SHIPPED) == {}
