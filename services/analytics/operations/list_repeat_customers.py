"""Lists the customers who bought more than once, those with the most purchases first."""

from dataclasses import dataclass
from typing import Any

from services.analytics.domain.figures import CustomerMetrics, metrics_of
from services.analytics.domain.questions import RepeatCustomersQuestion
from services.analytics.store import companies, customer_figures
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class RepeatCustomersPage:
    """Some repeat customers, how to go on, and how many there are."""

    customers: list[CustomerMetrics]
    next_page_token: str
    total_size: int


def list_repeat_customers(tx: Transaction, asked: RepeatCustomersQuestion) -> RepeatCustomersPage:
    """One page. Raises PageTokenMismatch."""
    after = _position(paging.position_of(asked.page_token, asked.identity()))
    size = paging.page_size(asked.page_size)
    found = customer_figures.most_purchases(tx, asked.least_purchases, after, size + 1)
    page = found[:size]
    more = ""
    if len(found) > size:
        more = paging.page_token(asked.identity(), (page[-1].purchases, page[-1].customer_id))
    time_zone = companies.time_zone(tx)
    metrics = [metrics_of(figures, asked.as_of, time_zone) for figures in page]
    return RepeatCustomersPage(metrics, more, customer_figures.count(tx, asked.least_purchases))


def _position(position: list[Any] | None) -> tuple[int, str] | None:
    if position is None:
        return None
    try:
        purchases, root_id = position
        if not is_id(root_id):
            raise ValueError("no position of this order")
        return int(purchases), root_id
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
