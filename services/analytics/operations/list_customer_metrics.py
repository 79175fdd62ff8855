"""Lists the customers who bought, by what they spent, how often or how lately."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.analytics.domain.figures import CustomerFigures, CustomerMetrics, metrics_of
from services.analytics.domain.questions import MetricsListQuestion, MetricsOrder, RepeatCustomersQuestion
from services.analytics.operations.reckoning import reckoning
from services.analytics.store import companies, customer_figures
from services.analytics.store.customer_figures import Position
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """Some customers, and how to go on."""

    customers: list[CustomerMetrics]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class RepeatCustomersPage:
    """Some repeat customers, how to go on, and how many there are."""

    customers: list[CustomerMetrics]
    next_page_token: str
    total_size: int


@dataclass(frozen=True, slots=True)
class _Order:
    """How a list is read after a position, and which value a customer's position in it has."""

    read: Callable[[Position | None, int], list[CustomerFigures]]
    value_of: Callable[[CustomerFigures], Any]
    checked: Callable[[Any], Any]


def list_customer_metrics(tx: Transaction, asked: MetricsListQuestion) -> MetricsPage:
    """One page. Raises PageTokenMismatch."""
    currency = asked.currency or companies.currency(tx)
    return _page(tx, _order(tx, asked.order, currency), asked, {**asked.identity(), "currency": currency})


def list_repeat_customers(tx: Transaction, asked: RepeatCustomersQuestion) -> RepeatCustomersPage:
    """One page, most purchases first. Raises PageTokenMismatch."""
    page = _page(tx, _by_purchases(tx, asked.least_purchases), asked, asked.identity())
    return RepeatCustomersPage(page.customers, page.next_page_token, customer_figures.count(tx, asked.least_purchases))


def _page(
    tx: Transaction, order: _Order, asked: MetricsListQuestion | RepeatCustomersQuestion, identity: dict[str, Any]
) -> MetricsPage:
    after = _position(paging.position_of(asked.page_token, identity, tx.scope.company_id), order)
    size = paging.page_size(asked.page_size)
    found = order.read(after, size + 1)
    page, more = found[:size], ""
    if len(found) > size:
        more = paging.page_token(identity, (order.value_of(page[-1]), page[-1].customer_id), tx.scope.company_id)
    by = reckoning(tx, asked.as_of)
    return MetricsPage([metrics_of(figures, by) for figures in page], more)


def _order(tx: Transaction, order: MetricsOrder, currency: str) -> _Order:
    if order is MetricsOrder.MOST_SPENT:
        return _Order(
            lambda after, limit: customer_figures.most_spent(tx, currency, after, limit),
            lambda figures: customer_figures.spent(figures, currency),
            _whole,
        )
    if order is MetricsOrder.LAST_PURCHASE:
        return _Order(lambda after, limit: customer_figures.latest(tx, after, limit), _last_time, paging.moment)
    return _by_purchases(tx, 1)


def _by_purchases(tx: Transaction, least: int) -> _Order:
    return _Order(
        lambda after, limit: customer_figures.most_purchases(tx, least, after, limit),
        lambda figures: figures.purchases,
        _whole,
    )


def _last_time(figures: CustomerFigures) -> str:
    assert figures.last_purchase_time is not None
    return figures.last_purchase_time.isoformat()


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("no number")
    return value


def _position(position: list[Any] | None, order: _Order) -> Position | None:
    if position is None:
        return None
    try:
        value, root_id = position
        if not is_id(root_id):
            raise ValueError("no position of this order")
        return order.checked(value), root_id
    except (ValueError, TypeError) as error:
        raise paging.not_a_token(error) from error
