"""Reads every customer with its figures, some at a time."""

from datetime import datetime

from services.analytics.domain.figures import CustomerMetrics, metrics_of
from services.analytics.operations.reckoning import reckoning
from services.analytics.store import customer_figures
from services.runtime.database import Transaction


def next_metrics(tx: Transaction, after: str | None, limit: int, as_of: datetime) -> list[CustomerMetrics]:
    """The next customers by id after one, with the figures that they have now."""
    by = reckoning(tx, as_of)
    return [metrics_of(figures, by) for figures in customer_figures.by_id(tx, after, limit)]
