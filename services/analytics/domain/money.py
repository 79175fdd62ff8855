"""Amounts of money as whole minor units of a currency; no binary floating point comes near them."""

from dataclasses import dataclass

from services.money.minor_units import minor_units
from services.runtime.failures import FieldCheck


@dataclass(frozen=True, slots=True)
class Amount:
    """So many minor units (cents) of a currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class MoneyInput:
    """An amount as a request says it, in whole units and billionths of one."""

    currency_code: str
    units: int
    nanos: int


def checked_amount(given: MoneyInput, check: FieldCheck, field: str) -> Amount:
    """The amount; what is wrong with it is noted under the field's path."""
    return Amount(minor_units(check, field, given.currency_code, given.units, given.nanos), given.currency_code)


def mean(total: int, count: int) -> int:
    """The total divided by the count, rounded half to even; 0 for a count of 0."""
    if count == 0:
        return 0
    whole, rest = divmod(total, count)
    above_half = 2 * rest > count or (2 * rest == count and whole % 2 == 1)
    return whole + above_half
