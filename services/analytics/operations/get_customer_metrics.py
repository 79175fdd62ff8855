"""Reads the purchase figures of one customer, summed over its tree."""

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.domain.figures import CustomerMetrics, metrics_of
from services.analytics.domain.questions import MetricsQuestion
from services.analytics.store import companies, customer_figures
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def get_customer_metrics(tx: Transaction, asked: MetricsQuestion) -> CustomerMetrics:
    """The figures of the customer's root. Raises CustomerNotFound, also where the root is deleted or erased."""
    known = is_id(asked.customer_id)
    found = customer_figures.of_customer(tx, asked.customer_id) if known else None
    if found is None:
        raise CustomerNotFound(asked.customer_id)
    return metrics_of(found, asked.as_of, companies.time_zone(tx))
