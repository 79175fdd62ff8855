"""Amounts as whole minor units of a currency, as a message says them and back; no binary floating point comes near."""

from services.money.currencies import DECIMALS
from services.runtime.failures import FieldCheck

MOST_UNITS = 999_999_999_999
_NANO_DECIMALS = 9


def minor_units(check: FieldCheck, field: str, currency: str, units: int, nanos: int) -> int:
    """The amount in minor units; what is wrong with it is noted under the field's path, and 0 stands for it."""
    decimals = DECIMALS.get(currency)
    check.require(decimals is not None, f"{field}.currency_code", "must be a currency code of ISO 4217")
    check.require(0 <= units <= MOST_UNITS, f"{field}.units", f"must be between 0 and {MOST_UNITS:,} units")
    in_range = check.require(0 <= nanos < 10**_NANO_DECIMALS, f"{field}.nanos", "must be between 0 and 999,999,999")
    if decimals is None or not in_range:
        return 0
    fraction, finer = divmod(nanos, int(10 ** (_NANO_DECIMALS - decimals)))
    check.require(finer == 0, f"{field}.nanos", f"must be no finer than {decimals} decimals in {currency}")
    return units * int(10**decimals) + fraction


def units_and_nanos(minor: int, currency: str) -> tuple[int, int]:
    """An amount in whole units and billionths of one."""
    decimals = DECIMALS[currency]
    units, fraction = divmod(minor, int(10**decimals))
    return units, fraction * int(10 ** (_NANO_DECIMALS - decimals))
