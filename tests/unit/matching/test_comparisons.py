"""Each comparison finds the level that a person would name."""

import pytest

from services.identity import parse_address
from services.matching.domain.identity_record import Identity, identify
from services.matching.engine.api import explain


def level(comparison: str, left: Identity, right: Identity) -> str | None:
    found = {part.comparison: part.level for part in explain(left, right).contributions}
    return found.get(comparison)


@pytest.mark.parametrize(
    ("left", "right", "given", "family"),
    [
        ("John Smith", "john smith", "exact", "exact"),
        ("Smith, John", "John Smith", "exact", "exact"),
        ("Bill Smith", "William Smith", "nickname", "exact"),
        ("J. Smith", "John Smith", "initial", "exact"),
        ("Jhon Smith", "John Smyth", "near", "near"),
        ("Ann Smith-Jones", "Ann Jones", "exact", "part"),
        ("Mary Smith", "John Lee", "different", "different"),
        ("José Núñez", "Jose Nunez", "exact", "exact"),
    ],
)
def test_names(left: str, right: str, given: str, family: str) -> None:
    one, other = identify(name=left), identify(name=right)
    assert (level("given", one, other), level("family", one, other)) == (given, family)


def test_given_and_family_name_may_change_places() -> None:
    one = identify(given_name="Lee", family_name="Ann")
    other = identify(given_name="Ann", family_name="Lee")
    assert level("name_order", one, other) == "swapped"
    assert level("family", one, other) == "exact"


@pytest.mark.parametrize(("given", "family"), [("Henyr", "Jeanette"), ("Henry", "Jeannette")])
def test_names_that_change_places_may_be_misspelt(given: str, family: str) -> None:
    one, other = identify(given_name="Jeanette", family_name="Henry"), identify(given_name=given, family_name=family)
    assert level("name_order", one, other) == "swapped"
    assert {level("given", one, other), level("family", one, other)} == {"exact", "near"}


def test_who_shares_one_name_alone_with_the_other_is_not_swapped() -> None:
    one, other = identify(given_name="James", family_name="Lee"), identify(given_name="Ann", family_name="James")
    assert (level("name_order", one, other), level("given", one, other)) == ("as written", "different")


def test_a_middle_name_may_be_the_one_that_is_used() -> None:
    one, other = identify(name="Robert Larry Martin"), identify(name="Larry Martin")
    assert (level("given", one, other), level("middle", one, other)) == ("middle name", None)


def test_given_and_middle_name_may_change_places() -> None:
    one, other = identify(name="Robert Larry Martin"), identify(name="Larry Robert Martin")
    assert (level("given", one, other), level("middle", one, other)) == ("middle name", "exact")


def test_a_junior_is_not_the_senior() -> None:
    assert level("suffix", identify(name="John Smith Jr"), identify(name="John Smith Sr")) == "different"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Ann@X.org", "ann@x.org", "exact"),
        ("ann.lee@x.org", "ann.lee@y.org", "same local part"),
        ("ann.lee77@x.org", "ann.lea77@x.org", "near"),
        ("ann.lee77@x.org", "ann.lee78@x.org", "other number"),
        ("info@shop7.org", "info@shop8.org", "same local part"),
        ("ann.lee@x.org", "bob@y.org", "different"),
    ],
)
def test_emails(left: str, right: str, expected: str) -> None:
    assert level("email", identify(emails=[left]), identify(emails=[right])) == expected


@pytest.mark.parametrize(
    ("name", "other_name", "email", "expected"),
    [
        ("John Smith", "J. Smith", "john.smith@x.org", "one name"),
        ("John Smith", "", "john.smith@x.org", "whole name"),
        ("Mary Smith", "J. Smith", "john.smith@x.org", "none"),
        ("John Smith", "John Smith", "john.smith@x.org", None),
        ("Smith, John", "Smith John", "john.smith@x.org", None),
    ],
)
def test_names_in_the_email_of_the_other(name: str, other_name: str, email: str, expected: str | None) -> None:
    one, other = identify(name=name), identify(name=other_name, emails=[email])
    assert level("email_name", one, other) == level("email_name", other, one) == expected


def test_a_shared_email_says_nothing_about_names() -> None:
    one, other = (identify(name=name, emails=["john.smith@x.org"]) for name in ("John Smith", "Mary Smith"))
    assert level("email_name", one, other) is None


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("(415) 555-2671", "+1 415 555 2671", "exact"),
        ("+49 30 1234567", "+49 30 1234567-00", "part"),
        ("415-555-2671", "415-555-2617", "near"),
        ("415-555-2671", "415-565-2671", "near"),
        ("415-555-2671", "415-555-2672", "neighbouring"),
        ("415-555-2671", "415-555-2681", "neighbouring"),
        ("415-555-2671", "212-555-9999", "different"),
    ],
)
def test_phones(left: str, right: str, expected: str) -> None:
    assert level("phone", identify(phones=[left]), identify(phones=[right])) == expected


def test_of_several_phones_the_best_pair_counts() -> None:
    one = identify(phones=["212-555-0000", "415-555-2671"])
    other = identify(phones=["415-555-2671", "303-555-1111"])
    assert level("phone", one, other) == "exact"


@pytest.mark.parametrize(
    ("left", "right", "address", "locality"),
    [
        ("12 Oak Street, Springfield, IL 62704", "12 OAK ST, Springfield, IL 62704", "exact", "exact"),
        ("12 Oak St Apt 4, Springfield", "12 Oak St Apt 5, Springfield", "other unit", "city"),
        ("12 Oak St, Springfield", "12 Oka St, Springfeild", "near", "near"),
        ("12 Oak St, Springfield", "99 Oak St, Shelbyville", "same street", "different"),
        ("12 Oak St, A, NY 10001", "12 Elm Rd, B, NY 10001", "same number", "postcode"),
    ],
)
def test_addresses(left: str, right: str, address: str, locality: str) -> None:
    one, other = (identify(addresses=[parse_address(text)]) for text in (left, right))
    assert (level("address", one, other), level("locality", one, other)) == (address, locality)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1971-06-04", "4 June 1971", "exact"),
        ("1971-06-04", "1971-04-06", "swapped"),
        ("1971-06-04", "1971-06-05", "near"),
        ("1971-06-04", "1917-06-04", "near"),
        ("1971-06-04", "1971", "same year"),
        ("1971-06-04", "1972-02-11", "close year"),
        ("1971", "1973", "close year"),
        ("1971-06-04", "1980-01-02", "different"),
    ],
)
def test_birth_dates(left: str, right: str, expected: str) -> None:
    assert level("birth_date", identify(birth_date=left), identify(birth_date=right)) == expected


def test_organisations_without_their_legal_form() -> None:
    assert level("organization", identify(organization="Acme Inc."), identify(organization="ACME")) == "exact"


def test_identifiers() -> None:
    assert level("external_id", identify(external_ids=["A-1001"]), identify(external_ids=["a-1001"])) == "exact"
    assert level("external_id", identify(external_ids=["A-1001"]), identify(external_ids=["A-1010"])) == "near"


def test_what_is_missing_speaks_neither_for_nor_against() -> None:
    shown = explain(identify(name="Ann Lee", emails=["ann@x.org"]), identify(name="Ann Lee"))
    assert {part.comparison for part in shown.contributions} == {"given", "family", "name_order"}
