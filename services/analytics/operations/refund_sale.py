"""Takes back a sale in part or in whole, once by its refund id."""

from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.failures import SaleNotFound, SaleParked
from services.analytics.domain.refund_rules import NewRefund, refund_of, status_after
from services.analytics.domain.sales import Sale
from services.analytics.store import parked_sales, refunds, sales
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class Refunded:
    """A sale after a refund, and whether it was this call that took something back."""

    sale: Sale
    now: bool


def refund_sale(tx: Transaction, asked: NewRefund, now: datetime) -> Refunded:
    """The sale as stored. Raises SaleNotFound, SaleParked, SaleVoided, RefundConflict, RefundExceedsSale."""
    root_id, sale = held_sale(tx, asked.sale_id)
    refund = refund_of(asked, sale, now)
    if refund is None:
        return Refunded(sale, now=False)
    refunds.add_refund(tx, sale, root_id, refund, status_after(refund, sale))
    return Refunded(stored_sale(tx, asked.sale_id), now=True)


def held_sale(tx: Transaction, sale_id: str) -> tuple[str, Sale]:
    """The root of a sale's customer and the sale, which nobody else changes until the transaction ends."""
    root_id = refunds.hold(tx, sale_id)
    if root_id is None:
        raise SaleParked(sale_id) if parked_sales.read(tx, [sale_id]) else SaleNotFound(sale_id)
    return root_id, stored_sale(tx, sale_id)


def stored_sale(tx: Transaction, sale_id: str) -> Sale:
    """A sale that is there."""
    sale = sales.read(tx, sale_id)
    assert sale is not None
    return sale
