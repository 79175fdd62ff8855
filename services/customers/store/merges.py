"""The merge log, its snapshots and its edges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.customers.domain.fields import Json
from services.customers.domain.forest import Edge
from services.customers.domain.merge import LaterEdit, LoggedMerge, Merge
from services.customers.domain.merge_snapshot import Snapshot, from_json
from services.customers.domain.moves import ChildCount
from services.customers.domain.record import Actor
from services.customers.store.conversations import MOVES, moves
from services.customers.store.merged_children import TALLIED, Tallies, tallies
from services.runtime.database import Transaction

LOCK = """
SELECT pg_advisory_xact_lock(m.number)
  FROM (SELECT hashtextextended('merge ' || merge_id, 0) AS number FROM unnest(%s::text[]) AS given (merge_id)
         ORDER BY 1) AS m
"""
COLUMNS = """merge_id::text, target_id::text, source_ids::text[], reason, merged_by, merged_by_name, merged_at, digests,
       fingerprint, undone_at, undone_by, undone_by_name, undo_reason, left_undecided, evidence, rules, choices,
       source_priority, policy_version, moves"""
FIND = f"SELECT {COLUMNS} FROM merges WHERE company_id = (SELECT app_company()) AND merge_id = %s::uuid"
LOCKED = f"SELECT {COLUMNS} FROM locked_merge(%s::uuid)"
FINGERPRINTS = """
SELECT merge_id::text, fingerprint FROM merges
 WHERE company_id = (SELECT app_company()) AND merge_id = ANY(%s::uuid[])
"""
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
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s) AS m (
        merge_id uuid, target_id uuid, source_ids uuid[], rules jsonb, choices jsonb, digests jsonb, fingerprint text,
        reason text, merged_by text, merged_by_name text, merged_at timestamptz, edge_times timestamptz[],
        evidence jsonb, source_priority text[], policy_version text, moves jsonb, snapshot jsonb)
), logged AS (
INSERT INTO merges (company_id, merge_id, target_id, source_ids, rules, choices, digests, fingerprint, reason,
                    merged_by, merged_by_name, merged_at, evidence, source_priority, policy_version, moves)
SELECT (SELECT app_company()), merge_id, target_id, source_ids, rules, choices, digests, fingerprint, reason,
       merged_by, merged_by_name, merged_at, evidence, source_priority, policy_version, moves FROM given
), taken AS (
INSERT INTO merge_snapshots (company_id, merge_id, target_id, content, digest)
SELECT (SELECT app_company()), merge_id, target_id, snapshot,
       encode(sha256(convert_to(snapshot::text, 'UTF8')), 'hex') FROM given
)
INSERT INTO merge_edges (company_id, merge_id, source_id, target_id, merged_at)
SELECT (SELECT app_company()), given.merge_id, e.source_id, given.target_id, e.merged_at
  FROM given CROSS JOIN LATERAL unnest(given.source_ids, given.edge_times) AS e (source_id, merged_at)
RETURNING set_config('app.merged_by', %s, true), set_config('app.merged_by_name', %s, true)
"""
UNDO = f"""
WITH logged AS (
UPDATE merges SET undone_at = %(now)s, undone_by = %(by)s, undone_by_name = %(by_name)s, undo_reason = %(reason)s,
                  left_undecided = %(left_undecided)s
 WHERE company_id = (SELECT app_company()) AND merge_id = %(merge_id)s
RETURNING set_config('app.merged_by', %(by)s, true), set_config('app.merged_by_name', %(by_name)s, true)
), cut AS (
UPDATE merge_edges SET in_force = false WHERE company_id = (SELECT app_company()) AND merge_id = %(merge_id)s
)
SELECT tallied.*, NULL AS moved_at FROM ({TALLIED}) AS tallied
UNION ALL
SELECT moved.customer_id, NULL, NULL, NULL, moved.created_at FROM ({MOVES}) AS moved
"""
SNAPSHOT = """
SELECT content FROM merge_snapshots WHERE company_id = (SELECT app_company()) AND merge_id = %s::uuid
"""


def lock(tx: Transaction, merge_ids: Sequence[str]) -> None:
    """Keeps other callers off the same merges until the transaction ends."""
    tx.execute(LOCK, (list(merge_ids),))


def locked(tx: Transaction, merge_id: str) -> LoggedMerge | None:
    """The entry of the log, or None; other callers are kept off the merge until the transaction ends."""
    row = tx.row(LOCKED, (merge_id,))
    return _logged(row) if row else None


def find(tx: Transaction, merge_id: str) -> LoggedMerge | None:
    """The entry of the log, or None."""
    row = tx.row(FIND, (merge_id,))
    return _logged(row) if row else None


def snapshot(tx: Transaction, merge_id: str) -> Snapshot | None:
    """What was shown before and after a merge; None where it was erased."""
    content = tx.value(SNAPSHOT, (merge_id,))
    return from_json(content) if content is not None else None


def fingerprints(tx: Transaction, merge_ids: Sequence[str]) -> dict[str, str]:
    """For each of some merges that is in the log, what its request is told by."""
    return {row["merge_id"]: row["fingerprint"] for row in tx.rows(FINGERPRINTS, (list(merge_ids),))}


def page(
    tx: Transaction, customer_id: str, standing: bool, before: tuple[str, str] | None, limit: int
) -> list[LoggedMerge]:
    """The next entries, the newest first: of one customer, or of all where it is empty; `standing`: not undone."""
    merged_at, merge_id = before or LAST
    asked = {"standing": standing, "merged_at": merged_at, "merge_id": merge_id, "limit": limit}
    if customer_id:
        return [_logged(row) for row in tx.rows(PAGE_OF_CUSTOMER, {**asked, "customer_id": customer_id})]
    return [_logged(row) for row in tx.rows(PAGE, asked)]


def insert(tx: Transaction, entries: Sequence[tuple[Merge, LoggedMerge, Sequence[Edge]]]) -> None:
    """Logs merges and puts their edges in force.

    A stage that is another one by them has their author from now on; the caller where they have several.
    """
    authors = {logged.merged_by for _, logged, _ in entries}
    by = authors.pop() if len(authors) == 1 else Actor("")
    tx.execute(INSERT, (json.dumps([_entry(*entry) for entry in entries], ensure_ascii=False), by.subject, by.name))


def undo(tx: Transaction, undone: LoggedMerge, by: Actor, member_ids: Sequence[str]) -> tuple[Tallies, list[LaterEdit]]:
    """Logs that a merge is undone and takes its edges out.

    Gives what the own children of some members add to their digests, and which conversations came to those who were
    merged, or left them, since.
    """
    parameters = {
        "merge_id": undone.merge_id,
        "now": undone.undone_at,
        "by": by.subject,
        "by_name": by.name,
        "reason": undone.undo_reason,
        "left_undecided": undone.left_undecided,
        "tallied": list(member_ids),
        "moved": sorted(undone.digests),
        "since": undone.merged_at,
    }
    rows = tx.execute(UNDO, parameters).fetchall()
    return tallies(row[:4] for row in rows if row[4] is None), moves((row[0], row[4]) for row in rows if row[4])


def _entry(merge: Merge, logged: LoggedMerge, edges: Sequence[Edge]) -> dict[str, Json]:
    return {
        "merge_id": merge.merge_id,
        "target_id": merge.target_id,
        "source_ids": list(merge.source_ids),
        "rules": dict(logged.rules),
        "choices": dict(logged.choices),
        "digests": dict(logged.digests),
        "fingerprint": logged.fingerprint,
        "reason": logged.reason,
        "merged_by": logged.merged_by.subject,
        "merged_by_name": logged.merged_by.name,
        "merged_at": logged.merged_at.isoformat(),
        "edge_times": [edge.merged_at.isoformat() for edge in edges],
        "evidence": dict(logged.evidence),
        "source_priority": list(logged.priority),
        "policy_version": logged.policy_version,
        "moves": [[one.kind, one.count, one.at_least] for one in logged.moves],
        "snapshot": logged.snapshot,
    }


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
        row["left_undecided"],
        row["evidence"],
        row["rules"],
        row["choices"],
        tuple(row["source_priority"]),
        row["policy_version"],
        tuple(ChildCount(*one) for one in row["moves"]),
    )
