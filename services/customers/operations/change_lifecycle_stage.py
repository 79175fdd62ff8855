"""Moves a customer to another stage of its life with the company."""

from __future__ import annotations

from services.customers.domain.lifecycle import STAGES
from services.customers.domain.states import check_reason
from services.customers.operations.changing import Changed, Planner, change
from services.customers.operations.update_customer import patching
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck


def change_lifecycle_stage(tx: Transaction, customer_id: str, stage: str, reason: str, etag: str) -> Changed:
    """Any stage may follow any other; the one that it is in already changes nothing.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    check_stage(customer_id, stage, reason)
    return change(tx, customer_id, moving(stage, etag), reason)


def check_stage(customer_id: str, stage: str, reason: str) -> None:
    """Raises FieldsInvalid with every wrong field of a request."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(stage in STAGES, "stage", f"is not one of {', '.join(STAGES)}")
    check_reason(check, reason)
    check.raise_if_any()


def moving(stage: str, etag: str = "") -> Planner:
    """The plan that moves to a stage: an update of that field alone."""
    return patching({"lifecycle_stage": stage}, {"lifecycle_stage"}, etag)
