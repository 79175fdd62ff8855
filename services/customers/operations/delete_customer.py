"""Deletes a customer softly, with its whole tree: hidden, and kept."""

from __future__ import annotations

from services.customers.domain.edits import deleted
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import Writes, actor_of
from services.customers.store import trees
from services.customers.store.rows import StoredCustomer
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken


def delete_customer(tx: Transaction, customer_id: str, etag: str) -> tuple[StoredCustomer, ChangeToken]:
    """Deletes the root that the id is in the tree of; one that is deleted already stays as it is.

    Raises CustomerNotFound, CustomerDeleted for an erased one, EtagMismatch.
    """
    if not customer_id:
        raise FieldsInvalid([FieldViolation("customer_id", "is required")])
    stored = trees.lock_tree(tx, customer_id)
    if stored.root.state == "DELETED":
        return stored.root, tx.change_token()
    require_writable(tx, stored.root, etag)
    own = deleted(stored.tree.root, stored.now, actor_of(tx.scope))
    writes = Writes()
    customer = writes.change(stored, stored.tree.root_id, own, "DELETED", "deleted", {})
    return customer, writes.store(tx)
