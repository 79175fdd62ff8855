"""Edits: what a mask sets and clears, the short forms, the parts of a name, and edits on a merged root."""

from datetime import timedelta
from typing import Any

from services.customers.domain.draft import check
from services.customers.domain.edits import change_of, edited, new_record
from services.customers.domain.fields import Fields
from services.customers.domain.fold import fold
from services.customers.domain.forest import Tree
from services.customers.domain.record import OwnRecord
from tests.unit.customers.forests import ANN, START, email, own, pair, point

LATER = START + timedelta(days=1)


def checked(draft: Any) -> Fields:
    found = check(draft, region="US", now=LATER)
    assert not found.violations
    return found.fields


def alone(record: OwnRecord) -> Tree:
    return Tree("T", {"T": record})


def after(tree: Tree, paths: list[str], **draft: Any) -> Tree:
    """The tree after an update of its root, a day after the start."""
    change = change_of(fold(tree), paths, checked(draft), LATER)
    root = edited(tree, change, LATER, ANN)
    return Tree(tree.root_id, {**tree.members, tree.root_id: root}, tree.edges)


def update(record: OwnRecord, paths: list[str], **draft: Any) -> Fields:
    return fold(after(alone(record), paths, **draft))


def values(fields: Fields, kind: str = "EMAIL") -> list[str]:
    return [item["value"] for item in fields.get("contact_points", []) if item["kind"] == kind]


def test_a_new_record_has_its_defaults_and_no_empty_field() -> None:
    fields = new_record({"name": "Ann", "title": "", "tags": []}, START, ANN).fields
    assert fields == {
        "name": "Ann",
        "party_type": "PERSON",
        "customer_type": "WALK_IN",
        "lifecycle_stage": "PROSPECT",
        "lifecycle_stage_at": START.isoformat(),
        "source": "API",
    }


def test_a_new_record_without_a_whole_name_joins_it_from_its_parts() -> None:
    fields = new_record({"given_name": "Ann", "family_name": "Lee", "title": "Dr"}, START, ANN).fields
    assert fields["name"] == "Dr Ann Lee"


def test_a_path_that_is_named_and_absent_is_cleared() -> None:
    fields = update(own(name="Ann", organization="Acme", birth_date="1980-01-01"), ["organization", "birth_date"])
    assert "organization" not in fields
    assert "birth_date" not in fields


def test_a_field_that_is_not_named_stays() -> None:
    assert update(own(name="Ann", organization="Acme"), ["name"], name="Bo")["organization"] == "Acme"


def test_a_choice_that_is_cleared_has_its_default_again() -> None:
    assert update(own(name="Ann", customer_type="VIP"), ["customer_type"])["customer_type"] == "WALK_IN"


def test_a_change_that_changes_nothing_is_none() -> None:
    record = own(name="Ann", tags=["b", "a"], contact_points=[email("a@x.io", primary=True)])
    fields = checked({"name": "Ann", "tags": ["a", "b"], "email": "a@x.io"})
    assert not change_of(record.fields, ["name", "tags", "email"], fields, LATER)


def test_clearing_the_default_stage_is_no_change_of_stage() -> None:
    assert not change_of(own(name="Ann").fields, ["lifecycle_stage"], {}, LATER)


def test_a_new_stage_says_since_when() -> None:
    fields = update(own(name="Ann"), ["lifecycle_stage"], lifecycle_stage="LEAD")
    assert (fields["lifecycle_stage"], fields["lifecycle_stage_at"]) == ("LEAD", LATER.isoformat())


def test_a_short_form_replaces_the_primary_contact_point_and_no_other() -> None:
    record = own(name="Ann", contact_points=[email("a@x.io"), email("b@x.io", primary=True), email("c@x.io")])
    fields = update(record, ["email"], email="new@x.io")
    assert sorted(values(fields)) == ["a@x.io", "c@x.io", "new@x.io"]
    assert [item["value"] for item in fields["contact_points"] if item["primary"]] == ["new@x.io"]


def test_a_short_form_that_is_cleared_takes_the_primary_contact_point_out() -> None:
    record = own(name="Ann", contact_points=[email("a@x.io", primary=True), email("b@x.io")])
    assert values(update(record, ["email"])) == ["b@x.io"]


def test_a_short_form_of_a_known_contact_point_makes_it_primary_and_leaves_it_verified() -> None:
    known = email("b@x.io", verified=True, source="web")
    record = own(name="Ann", contact_points=[email("a@x.io", primary=True), known])
    fields = update(record, ["email"], email="B@x.io")
    [now] = [item for item in fields["contact_points"] if item["primary"]]
    assert (now["value"], now["verified"], now["source"]) == ("B@x.io", True, "web")
    assert now["first_seen"] == START.isoformat()


def test_contact_points_replace_all_of_the_kinds_that_they_name() -> None:
    record = own(name="Ann", contact_points=[email("a@x.io"), point("PHONE", "+15550100")])
    fields = update(record, ["contact_points"], contact_points=[{"kind": "EMAIL", "value": "b@x.io"}])
    assert (values(fields), values(fields, "PHONE")) == (["b@x.io"], ["+15550100"])


def test_a_short_form_beside_contact_points_of_other_kinds_replaces_only_the_primary_of_its_own() -> None:
    record = own(name="Ann", contact_points=[email("a@x.io", primary=True), email("b@x.io")])
    phone = [{"kind": "PHONE", "value": "+1 202 555 0100"}]
    fields = update(record, ["contact_points", "email"], email="c@x.io", contact_points=phone)
    assert sorted(values(fields)) == ["b@x.io", "c@x.io"]
    assert values(fields, "PHONE") == ["+1 202 555 0100"]


def test_contact_points_that_are_cleared_are_gone_of_every_kind() -> None:
    record = own(name="Ann", contact_points=[email("a@x.io"), point("PHONE", "+15550100")])
    assert "contact_points" not in update(record, ["contact_points"])


def test_a_new_whole_name_ends_the_parts_that_it_did_not_come_with() -> None:
    fields = update(own(given_name="Ann", family_name="Lee"), ["name"], name="Bo Young")
    assert fields["name"] == "Bo Young"
    assert "given_name" not in fields


def test_the_same_whole_name_again_leaves_its_parts() -> None:
    fields = update(own(given_name="Ann", family_name="Lee"), ["name"], name="Ann Lee")
    assert fields["given_name"] == "Ann"


def test_a_new_part_makes_a_name_anew_that_was_made_of_parts() -> None:
    assert update(own(given_name="Ann", family_name="Lee"), ["family_name"], family_name="Ray")["name"] == "Ann Ray"


def test_a_new_part_leaves_a_whole_name_that_was_written_as_such() -> None:
    fields = update(own(name="Ann Mary Lee"), ["given_name"], given_name="Anna")
    assert (fields["name"], fields["given_name"]) == ("Ann Mary Lee", "Anna")


def test_a_text_that_is_no_date_and_a_date_replace_one_another() -> None:
    record = own(name="Ann", birth_date="1980-01-01")
    texted = update(record, ["birth_date_text"], birth_date_text="1980-02-31")
    assert texted["birth_date_text"] == "1980-02-31"
    assert "birth_date" not in texted
    dated = update(own(name="Ann", birth_date_text="1980-02-31"), ["birth_date"], birth_date="1980-02-28")
    assert dated["birth_date"] == "1980-02-28"
    assert "birth_date_text" not in dated


def test_an_edit_on_a_merged_root_wins_over_what_was_merged_in() -> None:
    tree = pair(own(name="T"), own(name="S"), rules={"name": "SOURCE_WINS"})
    assert fold(after(tree, ["name"], name="New"))["name"] == "New"


def test_an_edit_on_a_merged_root_stays_on_it_after_the_undo() -> None:
    [target, source] = after(pair(own(name="T"), own(name="S")), ["name"], name="New").without("S>T")
    assert (fold(target)["name"], fold(source)["name"]) == ("New", "S")


def test_a_merge_after_an_edit_may_show_the_source_again() -> None:
    edited_first = after(alone(own(name="T")), ["name"], name="New").members["T"]
    tree = pair(edited_first, own(name="S"), rules={"name": "SOURCE_WINS"})
    assert fold(tree)["name"] == "S"


def test_a_contact_point_of_the_source_that_is_only_reordered_on_the_root_leaves_with_the_source() -> None:
    tree = pair(own(name="T"), own(name="S", contact_points=[email("s@x.io")]))
    both = [{"kind": "EMAIL", "value": "t@x.io", "primary": True}, {"kind": "EMAIL", "value": "s@x.io"}]
    now = after(tree, ["contact_points"], contact_points=both)
    assert sorted(values(fold(now))) == ["s@x.io", "t@x.io"]
    [target, source] = now.without("S>T")
    assert (values(fold(target)), values(fold(source))) == (["t@x.io"], ["s@x.io"])


def test_an_e_mail_that_was_written_in_place_of_the_sources_stays_the_primary_one_after_the_undo() -> None:
    sides = [own(name=name, contact_points=[email(f"{name}@x.io")]) for name in "TS"]
    now = after(pair(*sides, rules={"email": "SOURCE_WINS"}), ["email"], email="new@x.io")
    [target, _] = now.without("S>T")
    for tree in (now, target):
        points = fold(tree)["contact_points"]
        assert {item["value"]: item["primary"] for item in points} == {"T@x.io": False, "new@x.io": True}


def test_what_was_taken_out_of_a_merged_root_and_put_back_leaves_with_the_source() -> None:
    crm = {"system": "crm", "external_id": "7"}
    tree = pair(own(name="T"), own(name="S", external_ids=[crm]))
    without = after(tree, ["external_ids"])
    assert "external_ids" not in fold(without) or not fold(without)["external_ids"]
    again = after(without, ["external_ids"], external_ids=[crm])
    assert fold(again)["external_ids"] == [crm]
    [target, source] = again.without("S>T")
    assert not fold(target).get("external_ids")
    assert fold(source)["external_ids"] == [crm]


def test_an_edit_after_an_undo_keeps_when_earlier_edits_were_made() -> None:
    merged = after(pair(own(name="T"), own(name="S")), ["name"], name="New")
    [target, _] = merged.without("S>T")
    now = edited(target, change_of(fold(target), ["tags"], {"tags": ["x"]}, LATER), LATER, ANN)
    assert (now.times["name"], now.times["tags"], now.overlay) == (LATER, LATER, ())


def test_edits_of_a_merged_root_do_not_pile_up() -> None:
    tree = pair(own(name="T"), own(name="S", tags=["s"]))
    for number in range(20):
        tree = after(tree, ["name", "tags"], name=f"N{number}", tags=[f"t{number}", "s"])
    assert [edit.unit for edit in tree.root.overlay] == ["name", "tags"]
    assert (fold(tree)["name"], sorted(fold(tree)["tags"])) == ("N19", ["s", "t19"])
    [target, source] = tree.without("S>T")
    assert (fold(target)["name"], fold(target)["tags"], fold(source)["tags"]) == ("N19", ["t19"], ["s"])
