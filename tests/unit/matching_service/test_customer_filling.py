"""What a conversation adds to its customer: empty fields are filled, what differs stands beside it."""

import pytest

from services.matching.domain.conversation import Given
from services.matching.domain.customer_filling import MOST_POINTS, CustomerNow, Filling, filling

GIVEN = Given("Ann Lee", "Ann@Example.com", "(212) 555-0147", "12 Oak Street, Springfield, IL 62704")
KNOWN = frozenset(
    {
        ("EMAIL", "ann@example.com"),
        ("PHONE", "+12125550147"),
        ("ADDRESS", "12 oak st springfield il 62704"),
    }
)


def customer(
    name: str = "Ann Lee", points: frozenset[tuple[str, str]] = KNOWN, country: str = "", *, united: bool = False
) -> CustomerNow:
    return CustomerNow("ann", "e1", name, points, (country,), united)


def test_what_is_there_in_other_letters_adds_nothing() -> None:
    assert not filling(GIVEN, customer(), "US")


def test_what_is_empty_is_filled() -> None:
    wanted = filling(GIVEN, customer("", frozenset()), "US")
    assert wanted.filled == ("name", "email", "phone", "address")
    assert (wanted.name, wanted.added) == ("Ann Lee", ())


def test_what_differs_is_added_beside() -> None:
    other = frozenset({("EMAIL", "a@x.example"), ("PHONE", "+14155550100"), ("ADDRESS", "1 elm st")})
    wanted = filling(GIVEN, customer(points=other), "US")
    assert (wanted.filled, wanted.added) == ((), ("EMAIL", "PHONE", "ADDRESS"))


def test_another_name_replaces_none() -> None:
    assert filling(Given("Bob Stone"), customer(), "US") == Filling()


def test_what_many_have_is_not_added() -> None:
    wanted = filling(GIVEN, customer(points=frozenset()), "US", leave_out=["PHONE"])
    assert [kind for kind, _ in wanted.points] == ["EMAIL", "ADDRESS"]


@pytest.mark.parametrize(("country", "adds"), [("", True), ("Kenya", False)])
def test_phones_are_read_as_in_the_customers_own_country(country: str, adds: bool) -> None:
    there = frozenset({("PHONE", "+254712345678")})
    assert bool(filling(Given(phone="0712 345678"), customer(points=there, country=country), "US")) == adds


def test_a_customer_with_as_many_contact_points_as_one_may_have_gets_no_more() -> None:
    full = frozenset(("EMAIL", f"a{number}@x.example") for number in range(MOST_POINTS))
    assert not filling(GIVEN, customer(points=full), "US")


def test_what_merges_brought_to_a_root_takes_no_room_from_what_is_added() -> None:
    brought = frozenset(("EMAIL", f"a{number}@x.example") for number in range(3 * MOST_POINTS))
    wanted = filling(GIVEN, customer(points=brought, united=True), "US")
    assert (wanted.filled, wanted.added) == (("phone", "address"), ("EMAIL",))


def test_what_has_no_room_leaves_from_the_end_and_is_not_told_of() -> None:
    wanted = filling(GIVEN, customer("", frozenset({("EMAIL", "a@x.example"), ("ADDRESS", "1 elm st")})), "US")
    assert (wanted.filled, wanted.added) == (("name", "phone"), ("EMAIL", "ADDRESS"))
    less = wanted.without_last_point.without_last_point
    assert ([kind for kind, _ in less.points], less.filled, less.added) == (["EMAIL"], ("name",), ("EMAIL",))
    assert less.without_last_point == Filling("Ann Lee", filled=("name",))
