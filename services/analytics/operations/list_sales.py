"""Lists sales of a tree or of the company, newest first, with their sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.questions import SalesQuestion
from services.analytics.domain.sales import Sale
from services.analytics.store import company_figures, customer_figures, sales
from services.analytics.store.sales import Wanted
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class SalesPage:
    """Some sales, how to go on, and the sums over all of them."""

    sales: list[Sale]
    next_page_token: str
    sums: Sequence[CurrencyTotal]


def list_sales(tx: Transaction, asked: SalesQuestion) -> SalesPage:
    """One page. Raises PageTokenMismatch, CustomerNotFound."""
    after = _position(paging.position_of(asked.page_token, asked.identity(), tx.scope.company_id))
    size = paging.page_size(asked.page_size)
    wanted = Wanted(_root(tx, asked.customer_id), asked.sold_from, asked.sold_before, asked.statuses)
    found = sales.newest(tx, wanted, after, size + 1)
    weights = sales.weights(tx, found)
    rows, more = paging.page_of(found, size, lambda row: weights[row["sale_id"]])
    page = sales.with_parts(tx, rows)
    following = paging.page_token(asked.identity(), _place(page[-1]), tx.scope.company_id) if more else ""
    return SalesPage(page, following, _sums(tx, wanted))


def _root(tx: Transaction, customer_id: str) -> str | None:
    if not customer_id:
        return None
    root_id = customer_figures.listed_root(tx, customer_id) if is_id(customer_id) else None
    if root_id is None:
        raise CustomerNotFound(customer_id)
    return root_id


def _sums(tx: Transaction, wanted: Wanted) -> Sequence[CurrencyTotal]:
    if wanted.sold_from or wanted.sold_before or wanted.statuses:
        return sales.sums(tx, wanted)
    if wanted.root_id is None:
        return company_figures.revenue(tx)
    found = customer_figures.of_customer(tx, wanted.root_id)
    return found.totals if found else ()


def _place(sale: Sale) -> tuple[str, str]:
    return sale.sale_time.isoformat(), sale.sale_id


def _position(position: list[Any] | None) -> tuple[datetime, str] | None:
    if position is None:
        return None
    try:
        time, sale_id = position
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
    return datetime.fromisoformat(paging.moment(time)), str(sale_id)
