"""Deletes a customer softly, with its whole tree: hidden, and kept."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.failures import ActiveJobs
from services.customers.domain.states import check_reason, deleted
from services.customers.operations.changing import Plan, Planned, Planner, because, change
from services.customers.operations.guard import require_own, require_writable
from services.customers.operations.writing import actor_of
from services.customers.store import blocking
from services.customers.store.rows import StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


def delete_customer(
    tx: Transaction, customer_id: str, etag: str, reason: str = "", *, force: bool = False
) -> tuple[StoredCustomer, ChangeToken]:
    """Deletes the root that the id is in the tree of; one that is deleted already stays as it is.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted for an erased one, NotOwnRecord, EtagMismatch, and
    ActiveJobs unless it is forced.
    """
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check_reason(check, reason)
    check.raise_if_any()
    changed = change(tx, customer_id, deleting(etag, reason, force=force))
    return changed.after, changed.token


def deleting(etag: str = "", reason: str = "", *, force: bool = False) -> Planner:
    """The plan that deletes."""

    def planner(tx: Transaction, locked: Sequence[StoredTree]) -> Plan:
        members = [member for stored in locked for member in stored.rows]
        jobs = {} if force else blocking.jobs(tx, members)

        def plan(stored: StoredTree) -> Planned | None:
            if stored.root.state == "DELETED":
                require_own(tx.scope, stored.root)
                return None
            require_writable(tx, stored.root, etag)
            going_on = [job for member in sorted(stored.rows) for job in jobs.get(member, ())]
            if going_on:
                raise ActiveJobs(stored.root.customer_id, going_on)
            own = deleted(stored.tree.root, stored.now, actor_of(tx.scope))
            return Planned(own, "DELETED", "deleted", because(reason) | ({"forced": True} if force else {}))

        return plan

    return planner
