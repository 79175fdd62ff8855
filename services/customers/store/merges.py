"""The merge log and its edges, and what children add to a member's digest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.customers.domain.fields import Json
from services.customers.domain.forest import Edge
from services.customers.domain.merge import LoggedMerge, Merge
from services.customers.domain.record import Actor
from services.runtime.database import Transaction

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('merge ' || %s, 0))"
COLUMNS = """merge_id::text, target_id::text, source_ids::text[], reason, merged_by, merged_by_name, merged_at, digests,
       fingerprint, undone_at, undone_by, undone_by_name, undo_reason"""
FIND = f"SELECT {COLUMNS} FROM merges WHERE company_id = (SELECT app_company()) AND merge_id = %s::uuid"
_BEFORE = """(%(standing)s IS NOT TRUE OR undone_at IS NULL)
   AND (merged_at, merge_id) < (%(merged_at)s::timestamptz, %(merge_id)s::uuid)
 ORDER BY merged_at DESC, merge_id DESC LIMIT %(limit)s"""
PAGE = f"SELECT {COLUMNS} FROM merges WHERE company_id = (SELECT app_company()) AND {_BEFORE}"
PAGE_OF_CUSTOMER = f"""
SELECT {COLUMNS} FROM merges
 WHERE company_id = (SELECT app_company()) AND merge_id = ANY(ARRAY(
       SELECT merge_id FROM merge_edges
        WHERE company_id = (SELECT app_company()) AND source_id = %(customer_id)s::uuid
        UNION
       SELECT merge_id FROM merge_edges
        WHERE company_id = (SELECT app_company()) AND target_id = %(customer_id)s::uuid))
   AND {_BEFORE}
"""
LAST = ("infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff")
INSERT = """
WITH logged AS (
INSERT INTO merges (company_id, merge_id, target_id, source_ids, rules, choices, digests, fingerprint, reason,
                    merged_by, merged_by_name, merged_at)
VALUES ((SELECT app_company()), %(merge_id)s, %(target_id)s, %(source_ids)s::uuid[], %(rules)s, %(choices)s,
        %(digests)s, %(fingerprint)s, %(reason)s, %(merged_by)s, %(merged_by_name)s, %(merged_at)s)
)
INSERT INTO merge_edges (company_id, merge_id, source_id, target_id, merged_at)
SELECT (SELECT app_company()), %(merge_id)s, e.source_id, %(target_id)s, e.merged_at
  FROM unnest(%(source_ids)s::uuid[], %(edge_times)s::timestamptz[]) AS e (source_id, merged_at)
"""
UNDO = """
WITH logged AS (
UPDATE merges SET undone_at = %(now)s, undone_by = %(by)s, undone_by_name = %(by_name)s, undo_reason = %(reason)s
 WHERE company_id = (SELECT app_company()) AND merge_id = %(merge_id)s
)
UPDATE merge_edges SET in_force = false WHERE company_id = (SELECT app_company()) AND merge_id = %(merge_id)s
"""
TALLIES = """
SELECT customer_id::text, kind, children, digest::text FROM child_tallies
 WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) ORDER BY customer_id, kind
"""


def lock(tx: Transaction, merge_id: str) -> None:
    """Keeps other callers off the same merge until the transaction ends."""
    tx.execute(LOCK, (merge_id,))


def find(tx: Transaction, merge_id: str) -> LoggedMerge | None:
    """The entry of the log, or None."""
    row = tx.row(FIND, (merge_id,))
    return _logged(row) if row else None


def page(
    tx: Transaction, customer_id: str, standing: bool, before: tuple[str, str] | None, limit: int
) -> list[LoggedMerge]:
    """The next entries, the newest first: of one customer, or of all where it is empty; `standing`: not undone."""
    merged_at, merge_id = before or LAST
    asked = {"standing": standing, "merged_at": merged_at, "merge_id": merge_id, "limit": limit}
    if customer_id:
        return [_logged(row) for row in tx.rows(PAGE_OF_CUSTOMER, {**asked, "customer_id": customer_id})]
    return [_logged(row) for row in tx.rows(PAGE, asked)]


def insert(tx: Transaction, merge: Merge, edges: Sequence[Edge], digests: Mapping[str, str], by: Actor) -> LoggedMerge:
    """Logs a merge and puts its edges in force."""
    merged_at = edges[0].merged_at
    parameters = {
        "merge_id": merge.merge_id,
        "target_id": merge.target_id,
        "source_ids": list(merge.source_ids),
        "rules": json.dumps(dict(merge.rules)),
        "choices": json.dumps(dict(merge.choices)),
        "digests": json.dumps(dict(digests)),
        "fingerprint": merge.fingerprint,
        "reason": merge.reason,
        "merged_by": by.subject,
        "merged_by_name": by.name,
        "merged_at": merged_at,
        "edge_times": [edge.merged_at for edge in edges],
    }
    tx.execute(INSERT, parameters)
    return LoggedMerge(
        merge.merge_id, merge.target_id, merge.source_ids, merge.reason, by, merged_at, digests, merge.fingerprint
    )


def undo(tx: Transaction, merge_id: str, now: datetime, by: Actor, reason: str) -> None:
    """Logs that a merge is undone and takes its edges out."""
    parameters = {"merge_id": merge_id, "now": now, "by": by.subject, "by_name": by.name, "reason": reason}
    tx.execute(UNDO, parameters)


def tallies(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, list[Json]]:
    """For each customer with children: kind, number and summed hash of its own children."""
    found: dict[str, list[Json]] = {}
    for row in tx.rows(TALLIES, (list(customer_ids),)):
        found.setdefault(row["customer_id"], []).append([row["kind"], row["children"], row["digest"]])
    return found


def _logged(row: Mapping[str, Any]) -> LoggedMerge:
    undone = row["undone_at"]
    return LoggedMerge(
        row["merge_id"],
        row["target_id"],
        tuple(row["source_ids"]),
        row["reason"],
        Actor(row["merged_by"], row["merged_by_name"]),
        row["merged_at"],
        row["digests"],
        row["fingerprint"],
        undone,
        Actor(row["undone_by"], row["undone_by_name"]) if undone else None,
        row["undo_reason"] or "",
    )
