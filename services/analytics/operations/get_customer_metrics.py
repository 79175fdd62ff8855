"""Reads the figures of customers, summed over their trees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.domain.figures import CustomerFigures, CustomerMetrics, Worth, metrics_of
from services.analytics.domain.lifetime_value import Engagement, engagement_figures, worth
from services.analytics.domain.questions import MetricsQuestion
from services.analytics.operations.reckoning import reckoning
from services.analytics.store import companies, customer_figures, engagements, rhythm
from services.runtime.database import Transaction
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class SeveralMetrics:
    """Metrics by the id that was asked for, in that order, and the ids that have none."""

    found: Mapping[str, CustomerMetrics]
    missing: Sequence[str]


def get_customer_metrics(tx: Transaction, asked: MetricsQuestion) -> CustomerMetrics:
    """The figures of the customer's root. Raises CustomerNotFound, also where the root is deleted or erased."""
    several = batch_get_customer_metrics(tx, [asked.customer_id], asked.as_of)
    if several.missing:
        raise CustomerNotFound(asked.customer_id)
    return next(iter(several.found.values()))


def batch_get_customer_metrics(tx: Transaction, customer_ids: Sequence[str], as_of: datetime) -> SeveralMetrics:
    """The figures of the roots of the customers; each id is answered once."""
    asked = list(dict.fromkeys(customer_ids))
    lower = {customer_id: customer_id.lower() for customer_id in asked if is_id(customer_id)}
    found = customer_figures.of_customers(tx, sorted(set(lower.values()))) if lower else {}
    roots = sorted({one.customer_id for one in found.values()})
    business = engagements.of_roots(tx, roots) if found else {}
    distinct = {one.customer_id: one for one in found.values()}.values()
    rhythms = rhythm.of_roots(tx, distinct, as_of, companies.month_zone(tx)) if found else {}
    by = reckoning(tx, as_of)
    metrics = {
        customer_id: metrics_of(
            figures, by, _worth(figures, business[figures.customer_id]), rhythms.get(figures.customer_id)
        )
        for customer_id, key in lower.items()
        if (figures := found.get(key))
    }
    return SeveralMetrics(metrics, [customer_id for customer_id in asked if customer_id not in metrics])


def _worth(figures: CustomerFigures, business: Sequence[Engagement]) -> Worth:
    sales = (total.total for total in figures.totals)
    return Worth(tuple(worth(sales, business)), engagement_figures(business))
