"""Records a sale once by its id, and adds it to the figures in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.failures import CustomerNotFound, SaleConflict
from services.analytics.domain.sales import NewSale, Sale, differences
from services.analytics.store import sale_recording, sales
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sale as stored, and whether it was this call that stored it."""

    sale: Sale
    now: bool


def record_sale(tx: Transaction, asked: NewSale, now: datetime) -> Recorded:
    """The stored sale. Raises CustomerNotFound, or SaleConflict where the id is taken by other content."""
    sold_at = asked.sale_time or now
    sale = sale_recording.record(tx, asked, sold_at) if is_id(asked.customer_id) else None
    return Recorded(sale, now=True) if sale else _recorded_before(tx, asked)


def _recorded_before(tx: Transaction, asked: NewSale) -> Recorded:
    stored = sales.read(tx, asked.sale_id)
    if stored is None:
        raise CustomerNotFound(asked.customer_id)
    differs = differences(asked, stored)
    if differs:
        raise SaleConflict(asked.sale_id, differs)
    return Recorded(stored, now=False)
