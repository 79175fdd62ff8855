"""Amounts between messages and Decimal: exact, or refused."""

from decimal import Decimal, localcontext

import pytest
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from services.client import from_decimal, to_decimal

NANOS = st.integers(-(2**63 - 1) * 10**9, (2**63 - 1) * 10**9)


@given(NANOS)
def test_an_amount_comes_back_to_the_last_nano(nanos: int) -> None:
    amount = Decimal(f"{nanos}E-9")
    message = from_decimal(amount, "KES")
    assert message.units * 10**9 + message.nanos == nanos
    assert (message.units <= 0 and message.nanos <= 0) or (message.units >= 0 and message.nanos >= 0)
    with localcontext() as context:
        context.prec = 40
        assert to_decimal(message) == amount


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_a_quantity_comes_back_as_it_was(amount: Decimal) -> None:
    assert to_decimal(from_decimal(amount)) == amount


def test_amounts_are_as_people_write_them() -> None:
    assert from_decimal(Decimal("2500.50"), "KES") == Money(currency_code="KES", units=2500, nanos=500_000_000)
    assert from_decimal(Decimal("-0.01"), "USD") == Money(currency_code="USD", nanos=-10_000_000)
    assert from_decimal(Decimal("1E+3")) == DecimalMessage(value="1000")
    assert to_decimal(Money(units=9_223_372_036_854_775_807, nanos=999_999_999)) == Decimal(
        "9223372036854775807.999999999"
    )
    assert to_decimal(DecimalMessage()) == to_decimal(Money()) == 0


@pytest.mark.parametrize("amount", ["0.0000000001", "1E30", "9223372036854775808", "NaN", "Infinity"])
def test_what_money_cannot_hold_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_decimal(Decimal(amount), "USD")


@pytest.mark.parametrize("value", ["x", "NaN", "Infinity", "1,5"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        to_decimal(DecimalMessage(value=value))
