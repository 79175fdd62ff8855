"""Takes a customer into use again."""

from __future__ import annotations

from services.customers.domain.states import check_reason
from services.customers.operations.changing import Changed, Planner, change
from services.customers.operations.moving import between_live_states
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck


def reactivate_customer(tx: Transaction, customer_id: str, etag: str, reason: str) -> Changed:
    """The root is ACTIVE; one that is so already stays as it is.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check_reason(check, reason)
    check.raise_if_any()
    return change(tx, customer_id, reactivating(etag, reason))


def reactivating(etag: str = "", reason: str = "") -> Planner:
    """The plan that takes into use."""
    return between_live_states("ACTIVE", "reactivated", etag, reason)
