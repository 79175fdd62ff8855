"""Trees of customers as stored: read for a look, or read under lock for a write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.customers.domain.failures import CustomerNotFound
from services.customers.domain.forest import Edge, Tree
from services.customers.store.rows import StoredCustomer, stored
from services.runtime.database import Transaction
from services.runtime.ids import is_id

COLUMNS = "customer_id::text, root_id::text, own, view, etag, revision, state"

ROOTS = """
SELECT customer_id::text, root_id::text FROM customers
 WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])
"""
MEMBERS = f"""
SELECT {COLUMNS}, clock_timestamp() AS now FROM customers
 WHERE company_id = (SELECT app_company()) AND root_id = ANY(%s::uuid[]) ORDER BY customer_id
"""
MEMBER_IDS = """
SELECT customer_id::text FROM customers WHERE company_id = (SELECT app_company()) AND root_id = ANY(%s::uuid[])
"""
EDGES = """
SELECT e.merge_id::text, e.source_id::text, e.target_id::text, e.merged_at, m.rules, m.choices
  FROM merge_edges e JOIN merges m USING (company_id, merge_id)
 WHERE e.company_id = (SELECT app_company()) AND e.in_force AND e.source_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A tree with its rows, and the database's time at which they were read."""

    tree: Tree
    rows: Mapping[str, StoredCustomer]
    now: datetime

    @property
    def root(self) -> StoredCustomer:
        """The root's row."""
        return self.rows[self.tree.root_id]


def lock_tree(tx: Transaction, customer_id: str) -> StoredTree:
    """The tree that a customer is in, locked until the transaction ends; CustomerNotFound if there is none."""
    trees = lock_trees(tx, [customer_id])
    return next(iter(trees.values()))


def lock_trees(tx: Transaction, customer_ids: Iterable[str]) -> dict[str, StoredTree]:
    """The trees that customers are in by root id, members locked in the order of their ids.

    A merge locks the roots that it joins, so whoever holds a root sees no member come or go; the second look at the
    ids finds a tree that changed while this waited for its locks.
    """
    ids = list(customer_ids)
    while ids:
        roots = sorted(set(roots_of(tx, ids).values()))
        rows = tx.rows(MEMBERS + " FOR UPDATE", (roots,))
        members = {row["customer_id"] for row in tx.rows(MEMBER_IDS, (roots,))}
        if members == {row["customer_id"] for row in rows} and set(roots) <= members:
            return _trees(tx, rows)
    return {}


def read_tree(tx: Transaction, customer_id: str) -> StoredTree:
    """The tree that a customer is in, as of now; CustomerNotFound if there is none."""
    rows = tx.rows(MEMBERS, (list(roots_of(tx, [customer_id]).values()),))
    return next(iter(_trees(tx, rows).values()))


def roots_of(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, str]:
    """For each id that of the root of its tree; CustomerNotFound for the first one that there is not."""
    ids = [customer_id for customer_id in customer_ids if is_id(customer_id)]
    found = {row["customer_id"]: row["root_id"] for row in tx.rows(ROOTS, (ids,))} if ids else {}
    for customer_id in customer_ids:
        if customer_id.lower() not in found:
            raise CustomerNotFound(customer_id)
    return found


def _trees(tx: Transaction, rows: list[dict[str, Any]]) -> dict[str, StoredTree]:
    found = {row["customer_id"]: stored(row) for row in rows}
    merged = [customer.customer_id for customer in found.values() if customer.root_id != customer.customer_id]
    edges = [Edge(**row) for row in tx.rows(EDGES, (merged,))] if merged else []
    now = rows[0]["now"]
    trees = {}
    for root_id in sorted({customer.root_id for customer in found.values()}):
        mine = {key: customer for key, customer in found.items() if customer.root_id == root_id}
        inside = [edge for edge in edges if edge.source_id in mine]
        tree = Tree(root_id, {key: customer.own for key, customer in mine.items()}, inside)
        trees[root_id] = StoredTree(tree, mine, now)
    return trees
