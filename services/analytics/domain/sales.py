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
class SaleLine:
    """One thing that was bought; an amount of None is not known."""

    product: str
    quantity: Decimal
    amount: Amount | None


@dataclass(frozen=True, slots=True)
class NewSale:
    """A sale to record; a time of None means now."""

    sale_id: str
    customer_id: str
    total: Amount
    lines: tuple[SaleLine, ...]
    payment_method: str
    sale_time: datetime | None

    @property
    def items(self) -> Decimal:
        """How much was bought, over all lines."""
        return sum((line.quantity for line in self.lines), Decimal(0))


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


def differences(asked: NewSale, stored: Sale) -> tuple[str, ...]:
    """The fields in which a repeated sale differs; one that leaves its time open agrees with any time."""
    asked_time = asked.sale_time or stored.sale_time
    same = {
        "customer_id": asked.customer_id == stored.origin_customer_id,
        "total_amount": asked.total == stored.total,
        "lines": asked.lines == stored.lines,
        "payment_method": asked.payment_method == stored.payment_method,
        "sale_time": asked_time == stored.sale_time,
    }
    return tuple(field for field, holds in same.items() if not holds)
