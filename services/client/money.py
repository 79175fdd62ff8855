"""Money owns the way between google.type's amounts and Python's Decimal: exact, or refused."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import overload

from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money

NANOS = 1_000_000_000
_LARGEST_UNITS = 2**63


def to_decimal(message: Money | DecimalMessage) -> Decimal:
    """The amount of a Money or of a google.type.Decimal; an empty one is 0. ValueError for what is no number."""
    if isinstance(message, Money):
        return Decimal(message.units) + Decimal(message.nanos).scaleb(-9)
    try:
        value = Decimal(message.value or "0")
    except InvalidOperation as error:
        raise ValueError(f"{message.value!r} is no decimal") from error
    if not value.is_finite():
        raise ValueError(f"{message.value!r} is no finite decimal")
    return value


@overload
def from_decimal(value: Decimal) -> DecimalMessage: ...
@overload
def from_decimal(value: Decimal, currency_code: str) -> Money: ...
def from_decimal(value: Decimal, currency_code: str | None = None) -> Money | DecimalMessage:
    """A google.type.Decimal, or with a currency (ISO 4217) a Money. ValueError where the message cannot hold it."""
    if not value.is_finite():
        raise ValueError(f"{value} is not finite")
    if currency_code is None:
        return DecimalMessage(value=format(value, "f"))
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "only what is not finite has another one"
    whole = int("".join(map(str, digits)))
    scaled, rest = (whole * 10 ** (exponent + 9), 0) if exponent >= -9 else divmod(whole, 10 ** (-9 - exponent))
    units, nanos = divmod(scaled, NANOS)
    if rest or units >= _LARGEST_UNITS:
        raise ValueError(f"{value} has more digits than Money")
    return Money(currency_code=currency_code, units=-units if sign else units, nanos=-nanos if sign else nanos)
