"""Amounts of money as whole minor units of a currency; no binary floating point comes near them."""

from dataclasses import dataclass

from services.analytics.domain.currencies import DECIMALS
from services.runtime.failures import FieldCheck

MOST_UNITS = 999_999_999_999
_NANO_DECIMALS = 9


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
    decimals = DECIMALS.get(given.currency_code)
    check.require(decimals is not None, f"{field}.currency_code", "must be a currency code of ISO 4217")
    check.require(0 <= given.units <= MOST_UNITS, f"{field}.units", f"must be between 0 and {MOST_UNITS:,} units")
    in_range = check.require(
        0 <= given.nanos < 10**_NANO_DECIMALS, f"{field}.nanos", "must be between 0 and 999,999,999"
    )
    if decimals is None or not in_range:
        return Amount(0, given.currency_code)
    fraction, finer = divmod(given.nanos, 10 ** (_NANO_DECIMALS - decimals))
    check.require(finer == 0, f"{field}.nanos", f"must be no finer than {decimals} decimals in {given.currency_code}")
    return Amount(given.units * 10**decimals + fraction, given.currency_code)


def units_and_nanos(amount: Amount) -> tuple[int, int]:
    """The amount in whole units and billionths of one."""
    decimals = DECIMALS[amount.currency]
    units, fraction = divmod(amount.minor, 10**decimals)
    return units, fraction * 10 ** (_NANO_DECIMALS - decimals)


def mean(total: int, count: int) -> int:
    """The total divided by the count, rounded half to even; 0 for a count of 0."""
    if count == 0:
        return 0
    whole, rest = divmod(total, count)
    above_half = 2 * rest > count or (2 * rest == count and whole % 2 == 1)
    return whole + above_half
