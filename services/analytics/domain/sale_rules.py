"""What a request to record a sale must hold; every field that is wrong is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.analytics.domain.instants import InstantInput, checked_instant
from services.analytics.domain.money import Amount, MoneyInput, checked_amount
from services.analytics.domain.quantities import checked_quantity
from services.analytics.domain.sales import ExternalReference, NewSale, SaleLine
from services.runtime.failures import FieldCheck

LONGEST_SALE_ID = 255
LONGEST_SYSTEM = 64
LONGEST_EXTERNAL_ID = 255
LONGEST_PRODUCT = 255
LONGEST_PAYMENT_METHOD = 64
MOST_LINES = 1000
# A time of the year 1 is a program's mistake, and its month begins before Christ in half of the world.
FIRST_YEAR = 1900
MOST_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line as a request says it; None is absent."""

    product: str
    quantity: str | None
    amount: MoneyInput | None


@dataclass(frozen=True, slots=True)
class CustomerInput:
    """The customer of a sale as a request says it, by one of its ids; None is absent."""

    customer_id: str
    external: ExternalReference | None = None


@dataclass(frozen=True, slots=True)
class SaleInput:
    """A sale as a request says it; None is absent."""

    sale_id: str
    total: MoneyInput | None
    lines: Sequence[LineInput]
    payment_method: str
    sale_time: InstantInput | None


def checked_sale(check: FieldCheck, customer: CustomerInput, given: SaleInput | None, now: datetime) -> NewSale:
    """The sale to record, or FieldsInvalid with every field that is wrong, those noted before included."""
    external = _customer(customer, check)
    check.require(given is not None, "sale", "is required")
    sale = _sale(customer.customer_id.lower(), external, given, now, check) if given is not None else None
    check.raise_if_any()
    assert sale is not None
    return sale


def _customer(given: CustomerInput, check: FieldCheck) -> ExternalReference | None:
    if given.external is None:
        check.require(given.customer_id, "customer_id", "is required, or else external_customer_id")
        return None
    check.require(not given.customer_id, "external_customer_id", "must not be given beside customer_id")
    checked_text(given.external.system, 1, LONGEST_SYSTEM, check, "external_customer_id.system")
    checked_text(given.external.external_id, 1, LONGEST_EXTERNAL_ID, check, "external_customer_id.external_id")
    return given.external


def _sale(
    customer_id: str, external: ExternalReference | None, given: SaleInput, now: datetime, check: FieldCheck
) -> NewSale:
    checked_text(given.sale_id, 1, LONGEST_SALE_ID, check, "sale.sale_id")
    checked_text(given.payment_method, 0, LONGEST_PAYMENT_METHOD, check, "sale.payment_method")
    total = _total(given.total, check)
    return NewSale(
        sale_id=given.sale_id,
        customer_id=customer_id,
        total=total,
        lines=_lines(given.lines, total.currency, check),
        payment_method=given.payment_method,
        sale_time=_sale_time(given.sale_time, now, check),
        external=external,
    )


def checked_text(text: str, least: int, most: int, check: FieldCheck, field: str) -> None:
    """Notes under the field's path a text that is too short, too long, or holds NUL."""
    length = f"must be {least} to {most} characters long" if least else f"must be up to {most} characters long"
    check.require(least <= len(text) <= most, field, length)
    check.require("\0" not in text, field, "must not contain the character NUL")


def _total(given: MoneyInput | None, check: FieldCheck) -> Amount:
    if given is None:
        check.require(False, "sale.total_amount", "is required")
        return Amount(0, "")
    return checked_amount(given, check, "sale.total_amount")


def _lines(given: Sequence[LineInput], currency: str, check: FieldCheck) -> tuple[SaleLine, ...]:
    if not check.require(len(given) <= MOST_LINES, "sale.lines", f"must be at most {MOST_LINES:,} lines"):
        return ()
    return tuple(_line(line, currency, check, f"sale.lines[{at}]") for at, line in enumerate(given))


def _line(given: LineInput, currency: str, check: FieldCheck, field: str) -> SaleLine:
    checked_text(given.product, 1, LONGEST_PRODUCT, check, f"{field}.product")
    quantity = checked_quantity(given.quantity, check, f"{field}.quantity")
    if given.amount is None:
        return SaleLine(given.product, quantity, None)
    amount = checked_amount(given.amount, check, f"{field}.amount")
    same = not currency or amount.currency == currency
    check.require(same, f"{field}.amount.currency_code", "must be the currency of the sale")
    return SaleLine(given.product, quantity, amount)


def _sale_time(given: InstantInput | None, now: datetime, check: FieldCheck) -> datetime | None:
    sale_time = checked_instant(given, check, "sale.sale_time")
    if sale_time is not None:
        check.require(sale_time.year >= FIRST_YEAR, "sale.sale_time", f"must not be before the year {FIRST_YEAR}")
        check.require(sale_time <= now + MOST_AHEAD, "sale.sale_time", "must not be more than a day ahead")
    return sale_time
