"""Rows of an import: what they need, what they warn of, and what they change when they come again."""

from datetime import timedelta
from typing import Any

import pytest

from services.customers.domain.edits import Change, new_record, rewritten
from services.customers.domain.fields import Fields
from services.customers.domain.fold import fold
from services.customers.domain.forest import Tree
from services.customers.domain.import_row import Row, change_by_row, checked_row
from services.customers.domain.record import OwnRecord
from tests.unit.customers.forests import ANN, START, email, own, pair

LATER = START + timedelta(days=1)


def row(row_id: str = "7", source: str = "crm", region: str = "US", **draft: Any) -> Row:
    return checked_row(1, row_id, draft, source=source, region=region, now=LATER)


def problems(found: Row) -> set[str]:
    return {problem.field for problem in found.problems}


def change(shown: Fields, found: Row, source: str = "crm") -> Change:
    return change_by_row(shown, found, source, LATER)


def imported(**draft: Any) -> OwnRecord:
    return new_record(row(**draft).fields, START, ANN)


def again(record: OwnRecord, **draft: Any) -> Fields:
    """What a customer shows after its row came again with other content."""
    changed, now = rewritten(
        Tree("T", {"T": record}), lambda said: change_by_row(said, row(**draft), "crm", LATER), LATER, ANN
    )
    assert changed
    return fold(Tree("T", {"T": now}))


def test_a_row_says_where_it_came_from() -> None:
    fields = row(name="Ann", email="a@x.io").fields
    assert fields["source"] == "IMPORT"
    assert fields["external_ids"] == [{"system": "crm", "external_id": "7"}]
    assert [point["source"] for point in fields["contact_points"]] == ["crm"]


@pytest.mark.parametrize(
    "draft",
    [
        {"name": "Ann"},
        {"family_name": "Lee"},
        {"phone": "+1 202 555 0100"},
        {"identifiers": ["TAX-1"]},
        {"external_ids": [{"system": "shop", "external_id": "1"}]},
    ],
)
def test_one_thing_to_know_a_customer_by_is_enough(draft: dict[str, Any]) -> None:
    assert not row(**draft).problems


@pytest.mark.parametrize("draft", [{}, {"organization": "Acme"}, {"birth_date_text": "1990-01-01"}, {"tags": ["x"]}])
def test_a_row_that_knows_nobody_is_wrong(draft: dict[str, Any]) -> None:
    assert problems(row(**draft)) == {"customer"}


def test_every_wrong_field_of_a_row_is_named() -> None:
    found = row("i" * 256, source="", name="N" * 256, email="no address", phone="1")
    assert problems(found) == {"id", "customer.name", "customer.email", "customer.phone"}


def test_an_id_needs_a_source() -> None:
    assert problems(row("7", source="", name="Ann")) == {"id"}
    assert not row("", source="", name="Ann").problems


@pytest.mark.parametrize("text", ["1990-02-31", "19900231", "31/31/1990", "unknown", "1990", "١٩٩٠", "0000-00-00"])
def test_a_date_of_birth_that_is_none_is_kept_as_text_with_a_warning(text: str) -> None:
    found = row(name="Ann", birth_date_text=text)
    assert not found.problems
    assert [warning.field for warning in found.warnings] == ["customer.birth_date"]
    assert found.fields["birth_date_text"] == text
    assert "birth_date" not in found.fields


@pytest.mark.parametrize(
    ("region", "text"), [("US", "02/28/1990"), ("KE", "28/02/1990"), ("US", "19900228"), ("US", "28 Feb 1990")]
)
def test_a_date_of_birth_is_read_as_the_region_writes_it(region: str, text: str) -> None:
    found = row(region=region, name="Ann", birth_date_text=text)
    assert found.fields["birth_date"] == "1990-02-28"
    assert not found.warnings
    assert "birth_date_text" not in found.fields


EVERYTHING: dict[str, Any] = {
    "given_name": "Ann",
    "family_name": "Lee",
    "organization": "Acme",
    "birth_date_text": "1990-02-31",
    "email": "a@x.io",
    "contact_points": [{"kind": "PHONE", "value": "+1 202 555 0100"}, {"kind": "PHONE", "value": "+1 202 555 0101"}],
    "tags": ["b", "a"],
    "identifiers": ["TAX-1"],
    "external_ids": [{"system": "shop", "external_id": "1"}],
    "metadata": {"x": 1},
    "lifecycle_stage": "LEAD",
}


def test_the_same_row_again_changes_nothing() -> None:
    assert not change(imported(**EVERYTHING).fields, row(**EVERYTHING))


def test_an_empty_field_of_a_row_clears_nothing() -> None:
    assert not change(imported(**EVERYTHING).fields, row(given_name="Ann", family_name="Lee"))


def test_a_row_with_a_whole_name_leaves_the_parts_that_somebody_added() -> None:
    record = own(name="Ann Lee", given_name="Ann", family_name="Lee")
    found = row(name="Ann Lee")
    assert "name" not in change(record.fields, found).units


def test_a_new_value_replaces_the_old_one_of_the_same_source() -> None:
    fields = again(imported(name="Ann", email="a@x.io"), name="Ann", email="b@x.io")
    assert [point["value"] for point in fields["contact_points"]] == ["b@x.io"]


def test_a_new_value_leaves_those_of_other_sources() -> None:
    record = own(name="Ann", contact_points=[email("web@x.io", source="web"), email("a@x.io", source="crm")])
    fields = again(record, name="Ann", email="b@x.io")
    assert sorted(point["value"] for point in fields["contact_points"]) == ["b@x.io", "web@x.io"]


def test_a_contact_point_that_comes_again_stays_primary_and_verified() -> None:
    record = own(name="Ann", contact_points=[email("a@x.io", source="crm", verified=True, primary=True)])
    fields = again(record, name="Bo", email="A@x.io")
    [only] = fields["contact_points"]
    assert (only["value"], only["verified"], only["primary"]) == ("A@x.io", True, True)


def test_a_row_adds_tags_and_takes_none_away() -> None:
    assert sorted(again(imported(name="Ann", tags=["a"]), name="Ann", tags=["b"])["tags"]) == ["a", "b"]


def rewritten_tree(tree: Tree, found: Row) -> tuple[Change, Tree]:
    changed, root = rewritten(tree, lambda said: change_by_row(said, found, "crm", LATER), LATER, ANN)
    return changed, Tree(tree.root_id, {**tree.members, tree.root_id: root}, tree.edges)


def test_the_same_row_of_a_customer_that_others_were_merged_into_changes_nothing() -> None:
    tree = pair(
        imported(name="Ann", email="a@x.io"),
        imported(row_id="8", name="Anne", email="anne@x.io"),
        rules={"name": "SOURCE_WINS"},
    )
    changed, _ = rewritten_tree(tree, row(name="Ann", email="a@x.io"))
    assert not changed


def test_a_row_of_a_merged_root_changes_its_own_record_and_the_view_follows_survivorship() -> None:
    tree = pair(imported(name="Ann"), imported(row_id="8", name="Anne"), rules={"name": "SOURCE_WINS"})
    changed, now = rewritten_tree(tree, row(name="Annie", organization="Acme"))
    assert set(changed.units) == {"name", "organization"}
    assert (fold(now)["name"], fold(now)["organization"]) == ("Anne", "Acme")
    [alone, _] = now.without("S>T")
    assert fold(alone)["name"] == "Annie"
