"""Deletes an activity softly: it is hidden, and what it said stays in the audit log."""

from __future__ import annotations

from services.customers.domain.failures import ActivityNotFound
from services.customers.operations import children
from services.customers.operations.create_activity import activity_event
from services.customers.store import records
from services.customers.store.children import ACTIVITIES
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken


def delete_activity(tx: Transaction, activity_id: str, etag: str) -> ChangeToken:
    """Hides the activity; one that is hidden already stays so. Raises ActivityNotFound, CustomerDeleted, NotOwnRecord,
    EtagMismatch."""
    activity = children.locked(tx, ACTIVITIES, activity_id, etag, ActivityNotFound)
    if activity["deleted_at"] is not None:
        return tx.change_token()
    children.remove(tx, ACTIVITIES, activity)
    return records.add_events(tx, [activity_event("activity_deleted", activity)])
