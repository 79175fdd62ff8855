"""A sale, as it is asked for and as it is stored, and whether two say the same."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.analytics.domain.money import Amount


class SaleStatus(StrEnum):
    """How a sale stands."""

    COMPLETED = "COMPLETED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True)
class ExternalReference:
    """A customer by an id of another system."""

    system: str
    external_id: str


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One thing that was bought; an amount of None is not known."""

    product: str
    quantity: Decimal
    amount: Amount | None


@dataclass(frozen=True, slots=True)
class NewSale:
    """A sale to record; a time of None means now, and `external` stands for a customer id that is not known yet."""

    sale_id: str
    customer_id: str
    total: Amount
    lines: tuple[SaleLine, ...]
    payment_method: str
    sale_time: datetime | None
    external: ExternalReference | None = None

    @property
    def items(self) -> Decimal:
        """How much was bought, over all lines."""
        return sum((line.quantity for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Refund:
    """Something of a sale that was taken back."""

    refund_id: str
    amount: Amount
    quantity: Decimal
    reason: str
    refund_time: datetime


@dataclass(frozen=True, slots=True)
class Voiding:
    """That a sale was declared void, and why."""

    time: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as stored."""

    sale_id: str
    origin_customer_id: str
    total: Amount
    lines: tuple[SaleLine, ...]
    payment_method: str
    sale_time: datetime
    status: SaleStatus
    create_time: datetime
    refunds: tuple[Refund, ...] = ()
    voiding: Voiding | None = None

    @property
    def refunded(self) -> Amount:
        """What was taken back so far."""
        return Amount(sum(refund.amount.minor for refund in self.refunds), self.total.currency)

    @property
    def items_left(self) -> Decimal:
        """How much of what was bought was not taken back."""
        bought = sum((line.quantity for line in self.lines), Decimal(0))
        return bought - sum((refund.quantity for refund in self.refunds), Decimal(0))


def differences(asked: NewSale, stored: Sale) -> tuple[str, ...]:
    """The fields in which a repeated sale differs; one that leaves its time open agrees with any time."""
    same = {
        "customer_id": asked.customer_id == stored.origin_customer_id,
        **_same_content(asked, stored.total, stored.lines, stored.payment_method, stored.sale_time),
    }
    return tuple(field for field, holds in same.items() if not holds)


def differences_of_two(asked: NewSale, before: NewSale) -> tuple[str, ...]:
    """The fields in which a sale differs from one that was asked for before under the same id."""
    same = {
        "customer_id": (asked.customer_id, asked.external) == (before.customer_id, before.external),
        **_same_content(asked, before.total, before.lines, before.payment_method, before.sale_time),
    }
    return tuple(field for field, holds in same.items() if not holds)


def _same_content(
    asked: NewSale, total: Amount, lines: tuple[SaleLine, ...], payment_method: str, sale_time: datetime | None
) -> dict[str, bool]:
    return {
        "total_amount": asked.total == total,
        "lines": asked.lines == lines,
        "payment_method": asked.payment_method == payment_method,
        "sale_time": (asked.sale_time or sale_time) == sale_time,
    }
