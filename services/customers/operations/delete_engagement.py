"""Deletes an engagement softly: it is hidden, and what it said stays in the audit log."""

from __future__ import annotations

from services.customers.domain.children import Child
from services.customers.domain.failures import EngagementNotFound
from services.customers.operations import children
from services.customers.operations.create_engagement import written
from services.customers.store.children import ENGAGEMENTS
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken


def delete_engagement(tx: Transaction, engagement_id: str, etag: str) -> tuple[Child, ChangeToken]:
    """Hides the engagement and feeds it so; one that is hidden already stays as it is.

    Raises EngagementNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    before = children.locked(tx, ENGAGEMENTS, engagement_id, etag, EngagementNotFound)
    if before["deleted_at"] is not None:
        return before, tx.change_token()
    after = children.remove(tx, ENGAGEMENTS, before)
    return after, written(tx, before, after, "engagement_deleted")
