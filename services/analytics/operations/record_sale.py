"""Records a sale once by its id, and adds it to the figures in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.failures import CustomerNotFound, SaleConflict
from services.analytics.domain.mirror import CAN_BUY
from services.analytics.domain.sales import NewSale, Sale, differences
from services.analytics.store import figures, mirror, sales
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sale as stored, and whether it was this call that stored it."""

    sale: Sale
    now: bool


def record_sale(tx: Transaction, asked: NewSale, now: datetime) -> Recorded:
    """The stored sale. Raises CustomerNotFound, or SaleConflict where the id is taken by other content.

    The customer is held first, so that no merge can move it before the sale is in its root's figures.
    """
    place = mirror.share(tx, asked.customer_id) if is_id(asked.customer_id) else None
    if place is None or place.state not in CAN_BUY:
        return _recorded_before(tx, asked)
    sale = sales.insert(tx, asked, asked.sale_time or now)
    if sale is None:
        return _recorded_before(tx, asked)
    figures.add_sale(tx, sale, place.root_id)
    return Recorded(sale, now=True)


def _recorded_before(tx: Transaction, asked: NewSale) -> Recorded:
    stored = sales.read(tx, asked.sale_id)
    if stored is None:
        raise CustomerNotFound(asked.customer_id)
    differs = differences(asked, stored)
    if differs:
        raise SaleConflict(asked.sale_id, differs)
    return Recorded(stored, now=False)
