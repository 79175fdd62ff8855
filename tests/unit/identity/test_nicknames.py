"""Given names that stand for one another are known."""

import pytest

from services.identity import given_root, same_given


@pytest.mark.parametrize(("left", "right"), [("bob", "robert"), ("kate", "katherine"), ("liz", "elizabeth")])
def test_a_nickname_is_the_same_given_name_either_way_round(left: str, right: str) -> None:
    assert same_given(left, right)
    assert same_given(right, left)
    assert given_root(left) == given_root(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("wm", "william"), ("thos", "thomas"), ("jno", "john"), ("sepp", "josef"), ("pepe", "jose"), ("ma", "maria")],
)
def test_how_registers_and_other_languages_shorten_a_name_is_known(left: str, right: str) -> None:
    assert same_given(left, right)
    assert same_given(right, left)
    assert given_root(left) == given_root(right)


def test_different_names_are_not_the_same() -> None:
    assert not same_given("john", "mary")


@pytest.mark.parametrize(("left", "right"), [("robert", "william"), ("rob", "will")])
def test_bill_makes_no_william_of_robert(left: str, right: str) -> None:
    assert not same_given(left, right)


def test_an_unknown_name_is_its_own_root() -> None:
    assert given_root("xyzzy") == "xyzzy"
