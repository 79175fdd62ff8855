"""Drafts: what is kept as written, what is normalised, and that every wrong field is named."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.draft import DEEPEST_METADATA, LARGEST_METADATA, Checked, check, joined_name

NOW = datetime(2024, 5, 6, tzinfo=UTC)


def checked(region: str = "US", **draft: Any) -> Checked:
    return check(draft, region=region, now=NOW)


def wrong(**draft: Any) -> set[str]:
    return {violation.field.removeprefix("customer.") for violation in checked(**draft).violations}


def test_every_wrong_field_is_named_at_once() -> None:
    assert wrong(
        name="N" * 256,
        title="T" * 65,
        organization="A\x00B",
        party_type="ROBOT",
        lifecycle_stage="",
        birth_date="1990-02-31",
        email="no address",
        phone="12",
        address="A" * 501,
        contact_points=[],
        external_ids=[{"system": "", "external_id": "x" * 256}],
        tags=["", "T" * 65],
        identifiers=["\x00"],
        metadata={"a": "\x00"},
    ) == {
        "name",
        "title",
        "organization",
        "party_type",
        "lifecycle_stage",
        "birth_date",
        "email",
        "phone",
        "address",
        "external_ids[0].system",
        "external_ids[0].external_id",
        "tags[0]",
        "tags[1]",
        "identifiers[0]",
        "metadata",
    }


def test_every_part_of_a_contact_point_that_is_wrong_is_named() -> None:
    points = [
        {"kind": "EMAIL", "value": ""},
        {"kind": "PIGEON", "value": "coo"},
        {"kind": "ADDRESS", "value": "x", "postal_address": {"street": "S" * 256, "country": "C" * 65}},
        {"kind": "PHONE", "value": "555-0100", "source": "S" * 256},
    ]
    assert wrong(contact_points=points) == {
        "contact_points[0].value",
        "contact_points[1].kind",
        "contact_points[2].postal_address.street",
        "contact_points[2].postal_address.country",
        "contact_points[3].source",
    }


@pytest.mark.parametrize(
    "name",
    [
        "José Ñandú",
        "李小龍",
        "محمد بن سلمان",
        "\u200fעברית",
        "👩‍👩‍👧 family",
        "O'Brien; DROP TABLE customers;--",
        "%s {0} $1",
        "N" * 255,
        "a\nb",
    ],
)
def test_a_name_is_kept_as_written(name: str) -> None:
    assert checked(name=name).fields["name"] == name


def test_spaces_around_a_text_are_no_part_of_it() -> None:
    assert checked(name="  Ann \t").fields["name"] == "Ann"


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u202c", "\u00ad\ufeff"])
def test_a_name_of_which_nothing_can_be_seen_is_wrong(name: str) -> None:
    assert wrong(name=name) == {"name"}


@given(st.text(max_size=300), st.text(max_size=70), st.text(max_size=500))
def test_any_text_is_either_kept_or_named(name: str, phone: str, address: str) -> None:
    found = checked(name=name, phone=phone, address=address)
    named = {violation.field for violation in found.violations}
    for field in ("name", "phone", "address"):
        value = locals()[field].strip()
        kinds = {point["kind"]: point["value"] for point in found.fields["contact_points"]}
        kept = found.fields.get("name") if field == "name" else kinds.get(field.upper(), "")
        assert kept == value or f"customer.{field}" in named


def test_a_short_form_that_is_not_the_contact_point_of_its_kind_beside_it_is_wrong() -> None:
    points = [{"kind": "EMAIL", "value": "a@x.io"}]
    assert wrong(email="b@x.io", contact_points=points) == {"email"}
    assert len(checked(email="a@x.io", contact_points=points).fields["contact_points"]) == 1
    assert wrong(phone="+1 202 555 0100", contact_points=points) == set()


def test_two_spellings_of_one_mailbox_are_one_contact_point() -> None:
    points = [{"kind": "EMAIL", "value": "Ann.Lee+x@GMAIL.com"}, {"kind": "EMAIL", "value": "annlee@googlemail.com"}]
    [only] = checked(contact_points=points).fields["contact_points"]
    assert (only["value"], only["normalized_value"]) == ("Ann.Lee+x@GMAIL.com", "annlee@gmail.com")


def test_a_phone_is_read_in_the_region_of_the_company() -> None:
    def normalized(region: str) -> str:
        value = checked(region, phone="0712 345 678").fields["contact_points"][0]["normalized_value"]
        return str(value)

    assert normalized("KE") == "+254712345678"
    assert normalized("GB") != normalized("KE")


def test_an_address_may_come_in_parts_alone() -> None:
    parts = {"street": "1 Main St", "city": "Nairobi"}
    [point] = checked(contact_points=[{"kind": "ADDRESS", "postal_address": parts}]).fields["contact_points"]
    assert (point["value"], point["postal_address"]) == ("1 Main St, Nairobi", parts)


def test_fifty_contact_points_are_kept_and_fifty_one_are_not() -> None:
    points = [{"kind": "EMAIL", "value": f"a{place}@x.io"} for place in range(51)]
    assert wrong(contact_points=points) == {"contact_points"}
    assert len(checked(contact_points=points[:50]).fields["contact_points"]) == 50


def test_tags_are_kept_once_each() -> None:
    assert checked(tags=["b", " a ", "b"]).fields["tags"] == ["a", "b"]


def test_a_known_date_of_birth_leaves_no_text_beside_it() -> None:
    fields = checked(birth_date="1990-02-28", birth_date_text="1990-02-31").fields
    assert fields["birth_date"] == "1990-02-28"
    assert "birth_date_text" not in fields


def test_metadata_may_say_anything_that_fits() -> None:
    data = {"note": "\\u0000 in six letters", "deep": {"list": [1, None, True, "ü"]}}
    assert checked(metadata=data).fields["metadata"] == data
    assert wrong(metadata={"x": "y" * LARGEST_METADATA}) == {"metadata"}
    assert wrong(metadata={"deep": [{"\x00": 1}]}) == {"metadata"}


def test_metadata_is_nested_only_so_deep_that_every_message_can_carry_it() -> None:
    deep: dict[str, Any] = {}
    for _ in range(DEEPEST_METADATA - 1):
        deep = {"x": deep}
    assert not wrong(metadata=deep)
    assert wrong(metadata={"x": deep}) == {"metadata"}
    assert wrong(metadata=None) == {"metadata"}


def test_a_name_is_joined_in_the_order_of_speech() -> None:
    parts = {"suffix": "Jr", "family_name": "Lee", "given_name": "Ann", "title": "Dr", "middle_name": "Q"}
    assert joined_name(parts) == "Dr Ann Q Lee Jr"
