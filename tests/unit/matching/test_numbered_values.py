"""Numbers tell apart what is the same but for them: mailboxes, blocks of phones, houses and customers in a row."""

import pytest

from services.matching.domain.identity_record import Identity, identify
from services.matching.domain.policy import LEAST_ACCEPT
from services.matching.engine.api import Options, dedupe, explain, records_from_rows
from services.matching.engine.numbers import neighbours, numbered_apart

GIVEN = ["Ann", "Bea", "Cid", "Dov", "Eli", "Fay"]
FAMILY = ["Moss", "Reed", "Lake", "Hill", "Wood", "Ford", "Dale", "Vale", "Glen", "Park"]
Row = dict[str, str]


def sixty_people() -> list[Row]:
    return [
        {
            "id": str(number),
            "name": f"{GIVEN[number % 6]} {FAMILY[number // 6]}",
            "email": f"user{number + 20}@example.com",
            "phone": f"+1202555{120 + number:04d}",
        }
        for number in range(60)
    ]


def customers_in_a_row() -> list[Row]:
    return [
        {"id": str(number), "name": f"Customer {number:05d}", "email": f"customer{number:05d}@example.com"}
        for number in range(1, 61)
    ]


def shops_in_a_street() -> list[Row]:
    return [
        {
            "id": str(number),
            "organization": f"Shop {number}",
            "email": f"shop{number}@chain.example",
            "phone": f"+1202555{number:04d}",
            "address": f"{number} Main St",
            "city": "Springfield",
            "external_id": f"C-{10_000 + number}",
        }
        for number in range(101, 161)
    ]


@pytest.mark.parametrize("rows", [sixty_people(), customers_in_a_row(), shops_in_a_street()])
@pytest.mark.parametrize("learn", [True, False])
def test_customers_that_are_numbered_in_a_row_stay_apart(rows: list[Row], learn: bool) -> None:
    found = dedupe(records_from_rows(rows), Options(learn=learn))
    assert [group.members for group in found.groups if len(group.members) > 1] == []


@pytest.mark.parametrize("learn", [True, False])
def test_true_duplicates_among_them_are_found(learn: bool) -> None:
    rows = sixty_people()
    again = [{**row, "id": f"again {row['id']}"} | ({"phone": ""} if row["id"] in "28" else {}) for row in rows[::5]]
    groups = dedupe(records_from_rows(rows + again), Options(learn=learn)).groups
    joined = {frozenset(group.members) for group in groups if len(group.members) > 1}
    assert joined == {frozenset((row["id"], f"again {row['id']}")) for row in rows[::5]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            identify(name="Ann Moss", emails=["user20@example.com"], phones=["+12025550120"]),
            identify(name="Ann Reed", emails=["user26@example.com"], phones=["+12025550126"]),
        ),
        (
            identify(name="James Miller", emails=["room101@grandhotel.com"], phones=["+12025550101"]),
            identify(name="James Baker", emails=["room102@grandhotel.com"], phones=["+12025550102"]),
        ),
        (
            identify(name="Peter Kamau", emails=["peter.k1@gmail.com"], phones=["+254712345678"]),
            identify(name="Peter Otieno", emails=["peter.k2@gmail.com"], phones=["+254712345679"]),
        ),
        (
            identify(name="Ann Moss", external_ids=["C-10123"], birth_date="1970-01-21", phones=["+12025550123"]),
            identify(name="Ann Reed", external_ids=["C-10132"], birth_date="1970-01-12", phones=["+12025550132"]),
        ),
    ],
)
def test_numbers_that_are_near_are_no_match_of_people_whose_names_differ(one: Identity, other: Identity) -> None:
    assert explain(one, other).confidence < LEAST_ACCEPT
    assert explain(other, one).match_weight == explain(one, other).match_weight


def test_a_second_number_that_is_near_adds_nothing() -> None:
    ids, phones = (["C-10123"], ["C-10132"]), (["+12025550123"], ["+12025550132"])
    one, other = (identify(name="Ann Moss", external_ids=found) for found in ids)
    near = explain(one, other)
    one, other = (identify(name="Ann Moss", external_ids=ids[side], phones=phones[side]) for side in range(2))
    both = explain(one, other)
    assert both.match_weight <= near.match_weight


def test_a_misspelt_mailbox_and_swapped_digits_still_speak_for_a_match() -> None:
    one = identify(name="Ann Moss", emails=["ann.moss77@example.com"], phones=["+12025550126"])
    other = identify(name="Ann Moss", emails=["ann.mos77@example.com"], phones=["+12025550162"])
    weights = {part.comparison: part.weight for part in explain(one, other).contributions}
    assert min(weights["email"], weights["phone"]) > 5
    assert explain(one, other).confidence >= LEAST_ACCEPT


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("room101@x.org", "room102@x.org", True),
        ("room9@x.org", "room10@x.org", True),
        ("room@x.org", "room1@x.org", False),
        ("room101@x.org", "roam101@x.org", False),
        ("m1ke@x.org", "mike@x.org", False),
        ("room101@x.org", "room101@x.org", False),
    ],
)
def test_values_that_are_the_same_but_for_their_numbers(one: str, other: str, expected: bool) -> None:
    assert numbered_apart(one, other) == numbered_apart(other, one) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("+12025550120", "+12025550121", True),
        ("+12025550120", "+12025550130", True),
        ("+12025550120", "+12025550102", False),
        ("+12025550120", "+12025551120", False),
        ("+12025550120", "+1202555012", False),
        ("101a", "101b", False),
    ],
)
def test_neighbours_differ_in_one_of_the_last_two_digits(one: str, other: str, expected: bool) -> None:
    assert neighbours(one, other) == neighbours(other, one) == expected
