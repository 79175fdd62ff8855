"""Amounts are whole minor units of a currency, exact on the way in and out."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.money import Amount, MoneyInput, checked_amount, mean
from services.money.currencies import DECIMALS
from services.money.minor_units import MOST_UNITS, units_and_nanos
from services.runtime.failures import FieldCheck


def checked(currency: str, units: int, nanos: int) -> tuple[Amount, list[str]]:
    check = FieldCheck()
    amount = checked_amount(MoneyInput(currency, units, nanos), check, "total")
    return amount, [violation.field for violation in check.violations]


@pytest.mark.parametrize(
    ("currency", "units", "nanos", "minor"),
    [
        ("KES", 2500, 500_000_000, 250050),
        ("JPY", 7, 0, 7),
        ("KWD", 1, 5_000_000, 1005),
        ("CLF", 1, 100_000, 10001),
        ("USD", 0, 0, 0),
        ("USD", MOST_UNITS, 990_000_000, 99_999_999_999_999),
    ],
)
def test_an_amount_is_so_many_minor_units(currency: str, units: int, nanos: int, minor: int) -> None:
    assert checked(currency, units, nanos) == (Amount(minor, currency), [])


@pytest.mark.parametrize(
    ("currency", "units", "nanos", "fields"),
    [
        ("JPY", 1, 500_000_000, ["total.nanos"]),
        ("USD", 1, 1_000_000, ["total.nanos"]),
        ("KWD", 1, 100_000, ["total.nanos"]),
        ("USD", -1, 0, ["total.units"]),
        ("USD", 0, -1, ["total.nanos"]),
        ("USD", 0, 1_000_000_000, ["total.nanos"]),
        ("USD", MOST_UNITS + 1, 0, ["total.units"]),
        ("usd", 1, 0, ["total.currency_code"]),
        ("", 1, 0, ["total.currency_code"]),
        ("XAU", 1, 0, ["total.currency_code"]),
        ("ZZZ", -1, -1, ["total.currency_code", "total.units", "total.nanos"]),
    ],
)
def test_every_bad_part_of_an_amount_is_named(currency: str, units: int, nanos: int, fields: list[str]) -> None:
    assert checked(currency, units, nanos)[1] == fields


@given(currency=st.sampled_from(sorted(DECIMALS)), minor=st.integers(0, 10**15))
def test_an_amount_comes_out_as_it_went_in(currency: str, minor: int) -> None:
    amount = Amount(minor % (MOST_UNITS * 10 ** DECIMALS[currency]), currency)
    assert checked(currency, *units_and_nanos(amount.minor, currency)) == (amount, [])


@given(total=st.integers(0, 10**30), count=st.integers(1, 10**9))
def test_a_mean_is_rounded_half_to_even(total: int, count: int) -> None:
    rounded = mean(total, count)
    assert abs(2 * (total - rounded * count)) <= count
    if abs(2 * (total - rounded * count)) == count:
        assert rounded % 2 == 0


@given(halves=st.integers(0, 10**9))
def test_a_mean_of_two_agrees_with_decimal(halves: int) -> None:
    assert mean(halves, 2) == int((Decimal(halves) / 2).quantize(Decimal(1), ROUND_HALF_EVEN))


def test_the_mean_of_nothing_is_zero() -> None:
    assert mean(0, 0) == 0
