"""Quantities of goods: exact decimals with at most three places."""

import re
from decimal import Decimal

from services.runtime.failures import FieldCheck

MOST = Decimal("999999999.999")
ONE = Decimal(1)
_STEP = Decimal("0.001")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?")


def checked_quantity(text: str | None, check: FieldCheck, field: str) -> Decimal:
    """The quantity, 1 where none is given; what is wrong with it is noted under the field's path."""
    if text is None:
        return ONE
    if not check.require(_DECIMAL.fullmatch(text), field, 'must be a decimal number such as "2.5"'):
        return ONE
    quantity = Decimal(text)
    if not check.require(0 <= quantity <= MOST, field, f"must be between 0 and {MOST:,}"):
        return ONE
    check.require(quantity % _STEP == 0, field, "must have at most three decimals")
    return quantity


def plain(quantity: Decimal) -> str:
    """The shortest text of the number without an exponent."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
