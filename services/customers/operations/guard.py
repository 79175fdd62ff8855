"""What forbids a caller to change a customer: that it is deleted, another one than it saw, or not the caller's own."""

from __future__ import annotations

from services.customers.domain.failures import CustomerDeleted, NotOwnRecord
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.record import OwnRecord
from services.customers.store.rows import StoredCustomer
from services.runtime.database import TenantScope, Transaction
from services.runtime.failures import EtagMismatch


def require_writable(tx: Transaction, root: StoredCustomer, etag: str = "") -> None:
    """For each change of a customer and of what belongs to it.

    Raises CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    require_live(root)
    require_own(tx.scope, root)
    require_etag(root, etag)


def require_live(root: StoredCustomer, etag: str = "") -> None:
    """Raises CustomerDeleted where a root is deleted or erased, EtagMismatch where it is not as the caller saw it."""
    if root.state not in LIVE_STATES:
        raise CustomerDeleted(root.customer_id)
    require_etag(root, etag)


def require_own(scope: TenantScope, customer: StoredCustomer) -> None:
    """Raises NotOwnRecord where the caller may change only what it created, and another one created this customer."""
    if not may_change(scope, customer.own):
        raise NotOwnRecord(customer.customer_id)


def may_change(scope: TenantScope, own: OwnRecord) -> bool:
    """Whether a caller may change a record, as far as its creator goes."""
    return not scope.own_only or own.created_by.subject == scope.actor


def require_etag(root: StoredCustomer, etag: str) -> None:
    """Raises EtagMismatch where a root is not as the caller saw it."""
    if etag and etag != root.etag:
        raise EtagMismatch(
            "The customer changed since it was read; read it again.", metadata={"customer_id": root.customer_id}
        )
