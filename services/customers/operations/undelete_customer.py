"""Brings a deleted customer back with its whole tree, unless another one has taken its e-mail or phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.failures import CustomerDeleted, DuplicateCustomer, DuplicateHit
from services.customers.domain.fold import fold
from services.customers.domain.keys import LIVE_STATES, Key, duplicate_keys
from services.customers.domain.states import check_reason, undeleted
from services.customers.operations.changing import Changed, Plan, Planned, Planner, because, change
from services.customers.operations.guard import require_etag, require_own
from services.customers.operations.writing import actor_of
from services.customers.store import duplicates, trees
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import ConflictRetry, FieldCheck


@dataclass(frozen=True, slots=True)
class Undeleted:
    """The customer, and who shares a key with it."""

    changed: Changed
    duplicates: list[DuplicateHit]


def undelete_customer(
    tx: Transaction, customer_id: str, etag: str, reason: str, *, allow_duplicates: bool
) -> Undeleted:
    """The root is in the state that it had when it was deleted; one that is not deleted stays as it is.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted for an erased one, NotOwnRecord, EtagMismatch,
    DuplicateCustomer.
    """
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check_reason(check, reason)
    check.raise_if_any()
    keys = _keys(trees.read_tree(tx, customer_id))
    duplicates.lock_keys(tx, keys)
    hits: list[DuplicateHit] = []
    planner = undeleting(etag, reason, allow_duplicates=allow_duplicates, locked_keys=keys, hits=hits)
    return Undeleted(change(tx, customer_id, planner), hits)


def undeleting(
    etag: str = "",
    reason: str = "",
    *,
    allow_duplicates: bool = False,
    locked_keys: set[Key] | None = None,
    hits: list[DuplicateHit] | None = None,
) -> Planner:
    """The plan that brings back. `locked_keys` are those whose locks are held; None: every key is locked.

    Who shares a key with what comes back is added to `hits`. Of two that come back by one plan the second meets the
    first.
    """

    def planner(tx: Transaction, locked: Sequence[StoredTree]) -> Plan:
        keys_of = {stored.tree.root_id: _keys(stored) for stored in locked}
        wanted = {key for keys in keys_of.values() for key in keys}
        if locked_keys is not None and not wanted <= locked_keys:
            raise ConflictRetry("The customer changed meanwhile. Repeat the call.")
        holders = duplicates.holders(tx, sorted(wanted))

        def plan(stored: StoredTree) -> Planned | None:
            root = stored.root
            require_own(tx.scope, root)
            if root.state in LIVE_STATES:
                return None
            if root.state != "DELETED":
                raise CustomerDeleted(root.customer_id)
            require_etag(root, etag)
            found = [
                DuplicateHit(holder, key[0])
                for key in sorted(keys_of[root.customer_id])
                for holder in holders.get(key, ())
            ]
            if found and not allow_duplicates:
                raise DuplicateCustomer(found[: duplicates.MOST_HITS])
            if hits is not None:
                hits.extend(found[: duplicates.MOST_HITS])
            for key in keys_of[root.customer_id]:
                holders.setdefault(key, []).append(root.customer_id)
            own = undeleted(stored.tree.root, stored.now, actor_of(tx.scope))
            return Planned(own, "UNDELETED", "restored", because(reason))

        return plan

    return planner


def _keys(stored: StoredTree) -> set[Key]:
    """The keys that a root will hold; none where it is live, since it holds them already."""
    return duplicate_keys(fold(stored.tree), "ACTIVE") if stored.root.state == "DELETED" else set()
