"""Reads one engagement."""

from __future__ import annotations

from services.customers.domain.children import Child
from services.customers.domain.failures import EngagementNotFound
from services.customers.operations import children
from services.customers.store import engagements
from services.customers.store.children import ENGAGEMENTS
from services.runtime.database import Transaction


def get_engagement(tx: Transaction, engagement_id: str) -> Child:
    """The engagement, with what became of it. Raises EngagementNotFound, CustomerDeleted."""
    found = children.read(tx, ENGAGEMENTS, engagement_id, EngagementNotFound)
    return with_conversions(tx, [found])[0]


def with_conversions(tx: Transaction, found: list[Child]) -> list[Child]:
    """Engagements with `converted_to`, the id of what each became."""
    became = engagements.conversions(tx, [one["engagement_id"] for one in found])
    return [{**one, "converted_to": became.get(one["engagement_id"])} for one in found]
