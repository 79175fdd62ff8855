"""Reads one activity."""

from __future__ import annotations

from services.customers.domain.children import Child
from services.customers.domain.failures import ActivityNotFound
from services.customers.operations import children
from services.customers.store.children import ACTIVITIES
from services.runtime.database import Transaction


def get_activity(tx: Transaction, activity_id: str) -> Child:
    """The activity. Raises ActivityNotFound, CustomerDeleted."""
    return children.read(tx, ACTIVITIES, activity_id, ActivityNotFound)
