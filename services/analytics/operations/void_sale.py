"""Declares that a sale never was."""

from datetime import datetime

from services.analytics.domain.sales import Sale, SaleStatus
from services.analytics.operations.refund_sale import held_sale, stored_sale
from services.analytics.store import refunds
from services.runtime.database import Transaction


def void_sale(tx: Transaction, sale_id: str, reason: str, now: datetime) -> Sale:
    """The void sale; one that is void already stays as it is. Raises SaleNotFound, SaleParked."""
    root_id, sale = held_sale(tx, sale_id)
    if sale.status is SaleStatus.VOIDED:
        return sale
    refunds.set_void(tx, sale, root_id, now, reason)
    return stored_sale(tx, sale_id)
