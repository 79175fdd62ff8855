"""Takes a customer out of use: it is kept, listed and found as before."""

from __future__ import annotations

from services.customers.domain.states import check_reason
from services.customers.operations.changing import Changed, Planner, change
from services.customers.operations.moving import between_live_states
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck


def deactivate_customer(tx: Transaction, customer_id: str, etag: str, reason: str) -> Changed:
    """The root is INACTIVE; one that is so already stays as it is.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check_reason(check, reason)
    check.raise_if_any()
    return change(tx, customer_id, deactivating(etag, reason))


def deactivating(etag: str = "", reason: str = "") -> Planner:
    """The plan that takes out of use."""
    return between_live_states("INACTIVE", "deactivated", etag, reason)
