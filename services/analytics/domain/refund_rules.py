"""What a refund must hold, what it takes back, and how the sale stands afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.analytics.domain.failures import RefundConflict, RefundExceedsSale, SaleVoided
from services.analytics.domain.instants import InstantInput, checked_instant
from services.analytics.domain.money import Amount, MoneyInput, checked_amount
from services.analytics.domain.quantities import checked_quantity
from services.analytics.domain.sale_rules import MOST_AHEAD, checked_text
from services.analytics.domain.sales import Refund, Sale, SaleStatus
from services.runtime.failures import FieldCheck

LONGEST_REASON = 255
MOST_BEFORE_SALE = timedelta(days=1)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class RefundInput:
    """A refund as a request says it; None is absent."""

    refund_id: str
    amount: MoneyInput | None
    quantity: str | None
    reason: str
    refund_time: InstantInput | None


@dataclass(frozen=True, slots=True)
class NewRefund:
    """A refund to record: an amount of None means all that is left, a time of None means now."""

    sale_id: str
    refund_id: str
    amount: Amount | None
    quantity: Decimal | None
    reason: str
    refund_time: datetime | None


def checked_refund(check: FieldCheck, sale_id: str, given: RefundInput | None, now: datetime) -> NewRefund:
    """The refund to record, or FieldsInvalid with every field that is wrong."""
    checked_text(sale_id, 1, 255, check, "sale_id")
    check.require(given is not None, "refund", "is required")
    refund = _refund(sale_id, given, now, check) if given is not None else None
    check.raise_if_any()
    assert refund is not None
    return refund


def _refund(sale_id: str, given: RefundInput, now: datetime, check: FieldCheck) -> NewRefund:
    checked_text(given.refund_id, 1, 255, check, "refund.refund_id")
    checked_text(given.reason, 0, LONGEST_REASON, check, "refund.reason")
    time = checked_instant(given.refund_time, check, "refund.refund_time")
    if time is not None:
        check.require(time <= now + MOST_AHEAD, "refund.refund_time", "must not be more than a day ahead")
    amount = checked_amount(given.amount, check, "refund.amount") if given.amount is not None else None
    quantity = checked_quantity(given.quantity, check, "refund.quantity") if given.quantity is not None else None
    return NewRefund(sale_id, given.refund_id, amount, quantity, given.reason, time)


def refund_of(asked: NewRefund, sale: Sale, now: datetime) -> Refund | None:
    """What is taken back of the sale, None where this refund is there already.

    Raises RefundConflict, SaleVoided, RefundExceedsSale, or FieldsInvalid where the currency or the time does not fit.
    """
    before = next((one for one in sale.refunds if one.refund_id == asked.refund_id), None)
    if before is not None:
        _require_same(asked, before)
        return None
    if sale.status is SaleStatus.VOIDED:
        raise SaleVoided(sale.sale_id)
    refund = Refund(
        asked.refund_id, *_taken_back(asked, sale), reason=asked.reason, refund_time=asked.refund_time or now
    )
    _require_fits(refund, sale)
    return refund


def status_after(refund: Refund, sale: Sale) -> SaleStatus:
    """REFUNDED where nothing is left of the amount."""
    whole = sale.refunded.minor + refund.amount.minor == sale.total.minor
    return SaleStatus.REFUNDED if whole else SaleStatus.PARTIALLY_REFUNDED


def _taken_back(asked: NewRefund, sale: Sale) -> tuple[Amount, Decimal]:
    left = Amount(sale.total.minor - sale.refunded.minor, sale.total.currency)
    if asked.amount is None:
        return left, sale.items_left if asked.quantity is None else asked.quantity
    return asked.amount, asked.quantity or _NOTHING


def _require_fits(refund: Refund, sale: Sale) -> None:
    check = FieldCheck()
    same = refund.amount.currency == sale.total.currency
    check.require(same, "refund.amount.currency_code", "must be the currency of the sale")
    earliest = sale.sale_time - MOST_BEFORE_SALE
    check.require(refund.refund_time >= earliest, "refund.refund_time", "must not be a day or more before the sale")
    check.raise_if_any()
    left = sale.total.minor - sale.refunded.minor
    if sale.status is SaleStatus.REFUNDED or refund.amount.minor > left or refund.quantity > sale.items_left:
        raise RefundExceedsSale(sale.sale_id)


def _require_same(asked: NewRefund, before: Refund) -> None:
    same = {
        "amount": asked.amount is None or asked.amount == before.amount,
        "quantity": asked.quantity is None or asked.quantity == before.quantity,
        "reason": asked.reason == before.reason,
        "refund_time": asked.refund_time is None or asked.refund_time == before.refund_time,
    }
    differs = tuple(field for field, holds in same.items() if not holds)
    if differs:
        raise RefundConflict(asked.refund_id, differs)
