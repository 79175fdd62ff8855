"""Lists and gives up sales that wait for their customer, and records them when it becomes known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.analytics.domain.failures import SaleNotFound
from services.analytics.domain.questions import ParkedSalesQuestion
from services.analytics.store import parked_sales, sale_recording
from services.analytics.store.parked_sales import Parked
from services.analytics.store.sale_recording import Entry
from services.runtime import paging
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class ParkedSalesPage:
    """Some sales that wait, how to go on, and how many wait in all."""

    parked: list[Parked]
    next_page_token: str
    total_size: int


def list_parked_sales(tx: Transaction, asked: ParkedSalesQuestion) -> ParkedSalesPage:
    """One page, by sale id. Raises PageTokenMismatch."""
    after = _position(paging.position_of(asked.page_token, asked.identity(), tx.scope.company_id))
    size = paging.page_size(asked.page_size)
    found = parked_sales.page(tx, after, size + 1)
    kept, more = paging.page_of(found, size, lambda one: one[1])
    waiting = parked_sales.read(tx, (sale_id for sale_id, _ in kept))
    page = [waiting[sale_id] for sale_id, _ in kept if sale_id in waiting]
    following = paging.page_token(asked.identity(), (kept[-1][0],), tx.scope.company_id) if more else ""
    return ParkedSalesPage(page, following, parked_sales.count(tx))


def discard_parked_sale(tx: Transaction, sale_id: str) -> None:
    """Gives up one sale. Raises SaleNotFound where none with this id waits."""
    if not parked_sales.take(tx, [sale_id]):
        raise SaleNotFound(sale_id)


def release_parked_sales(tx: Transaction, customer_ids: Sequence[str]) -> None:
    """Records the sales that wait for one of the customers; each is then there once, or waits as before."""
    ready = parked_sales.ready(tx, customer_ids) if customer_ids else []
    if ready:
        parked_sales.take(tx, [parked.sale.sale_id for _, parked in ready])
        sale_recording.record(tx, [_entry(customer_id, parked) for customer_id, parked in ready])


def _entry(customer_id: str, parked: Parked) -> Entry:
    return Entry(replace(parked.sale, customer_id=customer_id, external=None), parked.created_by)


def _position(position: list[Any] | None) -> str:
    if position is None:
        return ""
    try:
        (sale_id,) = position
        return str(sale_id)
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
