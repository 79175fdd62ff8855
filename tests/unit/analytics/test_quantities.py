"""Quantities are exact decimals with at most three places."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.quantities import MOST, checked_quantity, plain
from services.runtime.failures import FieldCheck


def checked(text: str | None) -> tuple[Decimal, int]:
    check = FieldCheck()
    return checked_quantity(text, check, "quantity"), len(check.violations)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        (None, "1"),
        ("0", "0"),
        ("2.5", "2.5"),
        ("2.5000", "2.5"),
        (".125", "0.125"),
        ("3.", "3"),
        ("+4", "4"),
        ("25e-1", "2.5"),
        ("1.5E3", "1500"),
        ("999999999.999", "999999999.999"),
    ],
)
def test_a_quantity_is_read_exactly(text: str | None, quantity: str) -> None:
    assert checked(text) == (Decimal(quantity), 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "two",
        "1,5",
        "-1",
        "0.0001",
        "1e9",
        "1000000000",
        "NaN",
        "Infinity",
        "1_0",
        "٣",
        "1e999999999",
        "1e-99",
        ".",
    ],
)
def test_a_bad_quantity_is_noted_once(text: str) -> None:
    assert checked(text)[1] == 1


@given(st.decimals(min_value=0, max_value=MOST, places=3))
def test_the_plain_text_is_the_same_number_without_an_exponent(quantity: Decimal) -> None:
    text = plain(quantity)
    assert Decimal(text) == quantity
    assert "e" not in text.lower()
    assert not text.endswith(".")


def test_whole_tens_keep_their_zeros() -> None:
    assert (plain(Decimal(100)), plain(Decimal("100.000")), plain(Decimal("0.000"))) == ("100", "100", "0")
