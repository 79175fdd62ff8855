"""Trees of customers as stored: read for a look, or read under lock for a write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.customers.domain.failures import CustomerNotFound
from services.customers.domain.forest import Edge, Tree
from services.customers.store.rows import StoredCustomer, stored
from services.runtime.database import Transaction
from services.runtime.failures import ConflictRetry
from services.runtime.ids import is_id

Row = Mapping[str, Any]

COLUMNS = "c.customer_id::text, c.root_id::text, c.own, c.view, c.etag, c.revision, c.state, clock_timestamp() AS now"
IN_THE_TREES = """
WHERE c.company_id = (SELECT app_company()) AND c.root_id = ANY(ARRAY(
      SELECT root_id FROM customers WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])))
"""
# One by one by their keys: in a join the planner may read all of a company instead, while there are no statistics.
EDGE_OF = """SELECT * FROM merge_edges
    WHERE company_id = (SELECT app_company()) AND in_force AND source_id = {} LIMIT 1"""
MERGE_OF = "SELECT * FROM merges WHERE company_id = (SELECT app_company()) AND merge_id = e.merge_id LIMIT 1"
LOCK = f"SELECT {COLUMNS} FROM customers AS c {IN_THE_TREES} ORDER BY c.customer_id FOR UPDATE"
LOCK_ROWS = f"""
SELECT count(*) FROM (SELECT FROM customers AS c {IN_THE_TREES} ORDER BY c.customer_id FOR UPDATE) AS locked
"""
READ = f"""
SELECT {COLUMNS}, e.merge_id::text, e.target_id::text, e.merged_at, m.rules, m.choices, m.source_priority
  FROM customers AS c
  LEFT JOIN LATERAL ({EDGE_OF.format("c.customer_id")}) AS e ON true
  LEFT JOIN LATERAL ({MERGE_OF}) AS m ON true
{IN_THE_TREES}
"""
EDGES = f"""
SELECT e.source_id::text AS customer_id, e.merge_id::text, e.target_id::text, e.merged_at, m.rules, m.choices,
       m.source_priority
  FROM unnest(%s::uuid[]) AS merged (customer_id)
 CROSS JOIN LATERAL ({EDGE_OF.format("merged.customer_id")}) AS e
 CROSS JOIN LATERAL ({MERGE_OF}) AS m
"""
THERE = """
SELECT customer_id::text FROM customers
 WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A tree with its rows, and the time at which they were read: later than all that happened to them."""

    tree: Tree
    rows: Mapping[str, StoredCustomer]
    now: datetime

    @property
    def root(self) -> StoredCustomer:
        """The root's row."""
        return self.rows[self.tree.root_id]


def lock_tree(tx: Transaction, customer_id: str) -> StoredTree:
    """The tree that a customer is in, locked until the transaction ends; CustomerNotFound if there is none."""
    [tree] = lock_trees(tx, [customer_id]).values()
    return tree


def lock_trees(tx: Transaction, customer_ids: Iterable[str]) -> dict[str, StoredTree]:
    """The trees that customers are in by root id, members locked in the order of their ids.

    A merge locks the roots that it joins, so whoever holds a root sees no member come or go. Its view names them all:
    by that a tree is found out that changed while this waited for its locks. To look again with the locks that are
    held by then could end in a circle, so ConflictRetry gives them back first.
    """
    ids = _known_form(customer_ids)
    rows = tx.rows(LOCK, (ids,)) if ids else []
    if set(ids) <= {row["customer_id"] for row in rows} and _whole(rows):
        merged = [row["customer_id"] for row in rows if row["root_id"] != row["customer_id"]]
        return _trees(rows, tx.rows(EDGES, (merged,)) if merged else [])
    _require(ids, sorted(those_there(tx, ids)))
    raise ConflictRetry("The customers were merged or unmerged meanwhile. Repeat the call.")


def lock_rows(tx: Transaction, customer_ids: Sequence[str]) -> None:
    """Locks the trees that customers are in and reads nothing of them, for what reads them in parts later."""
    if customer_ids:
        tx.execute(LOCK_ROWS, (list(customer_ids),))


def those_there(tx: Transaction, customer_ids: Iterable[str]) -> set[str]:
    """Those of the ids, in lower case, that are customers."""
    ids = [customer_id for customer_id in customer_ids if is_id(customer_id)]
    return {row[0] for row in tx.execute(THERE, (ids,)).fetchall()} if ids else set()


def read_tree(tx: Transaction, customer_id: str) -> StoredTree:
    """The tree that a customer is in, as of now; CustomerNotFound if there is none."""
    [tree] = read_trees(tx, [customer_id]).values()
    return tree


def read_trees(tx: Transaction, customer_ids: Iterable[str]) -> dict[str, StoredTree]:
    """The trees that customers are in by root id, all as of one moment; CustomerNotFound for the first missing one."""
    ids = _known_form(customer_ids)
    rows = tx.rows(READ, (ids,)) if ids else []
    _require(ids, [row["customer_id"] for row in rows])
    return _trees(rows, [row for row in rows if row["merge_id"] is not None])


def _known_form(customer_ids: Iterable[str]) -> list[str]:
    ids = list(customer_ids)
    for customer_id in ids:
        if not is_id(customer_id):
            raise CustomerNotFound(customer_id)
    return [customer_id.lower() for customer_id in ids]


def _require(ids: Sequence[str], found: Sequence[str]) -> None:
    for customer_id in ids:
        if customer_id not in found:
            raise CustomerNotFound(customer_id)


def _whole(rows: Sequence[Row]) -> bool:
    """Whether the rows are those of whole trees, as their roots name them."""
    named = {row["root_id"]: {row["root_id"]} for row in rows}
    for row in rows:
        if row["customer_id"] == row["root_id"]:
            named[row["root_id"]] |= set(row["view"].get("merged_customer_ids", ()))
    return set().union(*named.values()) == {row["customer_id"] for row in rows}


def _trees(rows: Sequence[Row], edges: Sequence[Row]) -> dict[str, StoredTree]:
    edge_of = {row["customer_id"]: _edge(row) for row in edges}
    members: dict[str, dict[str, StoredCustomer]] = {}
    for row in sorted(rows, key=lambda row: (row["root_id"], row["customer_id"])):
        members.setdefault(row["root_id"], {})[row["customer_id"]] = stored(row)
    now = max((row["now"] for row in rows), default=None)
    return {root_id: _tree(root_id, mine, edge_of, now) for root_id, mine in members.items() if now}


def _tree(root_id: str, rows: Mapping[str, StoredCustomer], edge_of: Mapping[str, Edge], now: datetime) -> StoredTree:
    tree = Tree(
        root_id,
        {customer_id: row.own for customer_id, row in rows.items()},
        [edge_of[customer_id] for customer_id in rows if customer_id != root_id],
    )
    last = max([*(row.own.updated_at for row in rows.values()), *(edge.merged_at for edge in tree.edges)])
    return StoredTree(tree, rows, max(now, last + timedelta(microseconds=1)))


def _edge(row: Row) -> Edge:
    return Edge(
        row["merge_id"],
        row["customer_id"],
        row["target_id"],
        row["merged_at"],
        row["rules"],
        row["choices"],
        tuple(row["source_priority"]),
    )
