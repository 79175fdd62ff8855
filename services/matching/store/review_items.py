"""Review items owns how items are opened, found again, superseded and resolved."""

import json
from collections.abc import Sequence
from typing import Any

from services.matching.domain.review_item import CONFLICT, CONVERSATION, NewItem, urgency
from services.runtime.database import Transaction
from services.runtime.ids import new_id

# An item is opened where its subject is new, where it was superseded, and where it was resolved and is found again: by
# then what was decided does not hold any more. Two stay resolved until their evidence is another one: what nobody
# could tell, and what was said of a conversation. A pair whose undo waits keeps that kind when a scan finds it.
_OPEN = """
    WITH given AS (
        SELECT t.*, (SELECT count(*) FROM match_records m
                     WHERE m.company_id = (SELECT app_company()) AND m.root_id = ANY(t.customers)
                       AND m.state = 'MERGED') AS merged
        FROM json_to_recordset(%s::json)
            AS t (item_id uuid, kind text, subject uuid, urgency bigint, confidence integer, match_weight float8,
                  policy_version text, matched_fields text, levels text, evidence uuid, cause text, customers uuid[],
                  conversation_id text, judgement_ids uuid[], scan_id uuid, merge_id uuid)
    ), opened AS (
        INSERT INTO review_items AS r (company_id, item_id, kind, subject, state, rank, confidence, match_weight,
            policy_version, matched_fields, levels, evidence, cause, customers, conversation_id, judgement_ids, scan_id,
            merge_id)
        SELECT (SELECT app_company()), item_id, kind, subject, 'OPEN',
            -greatest(cardinality(customers) + merged - 1, 1) * urgency, confidence, match_weight, policy_version,
            matched_fields, levels, evidence, cause, customers, conversation_id, judgement_ids, scan_id, merge_id
        FROM given ORDER BY subject
        ON CONFLICT (company_id, subject) DO UPDATE SET
            kind = CASE WHEN r.state = 'OPEN' AND r.kind = 'MERGE_UNDONE' THEN r.kind ELSE excluded.kind END,
            merge_id = coalesce(excluded.merge_id, CASE WHEN r.state = 'OPEN' THEN r.merge_id END),
            state = 'OPEN', rank = excluded.rank, confidence = excluded.confidence,
            match_weight = excluded.match_weight, policy_version = excluded.policy_version,
            matched_fields = excluded.matched_fields, levels = excluded.levels, evidence = excluded.evidence,
            cause = excluded.cause, customers = excluded.customers, judgement_ids = excluded.judgement_ids,
            scan_id = excluded.scan_id, outcome = '', ended_at = NULL, ended_by = '', ended_by_name = '', reason = '',
            opened_at = CASE WHEN r.state = 'OPEN' THEN r.opened_at ELSE excluded.opened_at END,
            updated_at = CASE WHEN r.state = 'OPEN' AND r.evidence = excluded.evidence AND r.rank = excluded.rank
                AND r.confidence = excluded.confidence THEN r.updated_at ELSE excluded.updated_at END,
            version = CASE WHEN r.state = 'OPEN' AND r.evidence = excluded.evidence AND r.rank = excluded.rank
                AND r.confidence = excluded.confidence THEN r.version ELSE r.version + 1 END
        WHERE r.state <> 'RESOLVED' OR r.evidence <> excluded.evidence
           OR (r.outcome <> 'UNSURE' AND r.kind NOT IN ('CONVERSATION', 'CONFLICT'))
        RETURNING r.item_id, r.customers
    )
    INSERT INTO review_item_customers (company_id, customer_id, item_id)
    SELECT (SELECT app_company()), c.customer_id, o.item_id
    FROM opened o, unnest(o.customers) AS c (customer_id)
    ORDER BY c.customer_id, o.item_id
    ON CONFLICT DO NOTHING
"""
_NOT_ABOUT = """
    DELETE FROM review_item_customers c USING review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.subject = ANY(%s::uuid[])
      AND c.company_id = (SELECT app_company()) AND c.item_id = i.item_id AND c.customer_id <> ALL(i.customers)
"""
_OF_SUBJECTS = """
    SELECT subject::text, item_id::text FROM review_items
    WHERE company_id = (SELECT app_company()) AND subject = ANY(%s::uuid[])
"""
_END = """
    WITH ending AS MATERIALIZED (
        SELECT i.item_id FROM review_items i
        WHERE i.company_id = (SELECT app_company()) AND i.subject = ANY(%s::uuid[]) AND i.state || '' = 'OPEN'
        ORDER BY i.subject FOR UPDATE
    )
    UPDATE review_items i SET state = 'SUPERSEDED', outcome = %s, ended_at = clock_timestamp(),
        updated_at = clock_timestamp(), version = i.version + 1
    FROM ending WHERE i.company_id = (SELECT app_company()) AND i.item_id = ending.item_id
"""
# A scan writes many items at once, and would be the one to end if it met another writer in another order: it writes
# alone, for a moment at a time. Waiting for that is no failure, so it has no limit.
_KEY = "hashtextextended('review items ' || (SELECT app_company()), 0)"
_WRITE_ALONE = f"""
    SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '60s', true),
           pg_advisory_xact_lock({_KEY})
"""
_WRITE_BESIDE = f"SELECT pg_advisory_xact_lock_shared({_KEY})"
_MAY_WRITE = f"SELECT pg_try_advisory_xact_lock_shared({_KEY})"
_MERGED_COUNTS = """
    SELECT root_id::text, count(*) FROM match_records
    WHERE company_id = (SELECT app_company()) AND state = 'MERGED' GROUP BY root_id
"""


def write_alone(tx: Transaction) -> None:
    """Let no judgement and no correction of groups touch items before this transaction ends."""
    tx.execute(_WRITE_ALONE)


def write_beside(tx: Transaction) -> None:
    """Touch items beside others, once no scan is writing."""
    tx.execute(_WRITE_BESIDE)


def may_write(tx: Transaction) -> bool:
    """Return whether no scan is writing; none begins to before this transaction ends."""
    return bool(tx.value(_MAY_WRITE))


def merged_counts(tx: Transaction) -> list[tuple[str, int]]:
    """Return the roots that others are merged into, and how many."""
    return [(root_id, count) for root_id, count in tx.execute(_MERGED_COUNTS).fetchall()]


def open_items(tx: Transaction, items: Sequence[NewItem]) -> None:
    """Open items, some thousand at once; of those that are open already only what has changed is written."""
    if items:
        tx.execute(_OPEN, (json.dumps([_columns(item) for item in items]),))
    if moving := [item.subject for item in items if item.kind in (CONVERSATION, CONFLICT)]:
        tx.execute(_NOT_ABOUT, (moving,))


def ids_of(tx: Transaction, subjects: Sequence[str]) -> dict[str, str]:
    """Return the items of subjects, in whatever state."""
    return dict(tx.execute(_OF_SUBJECTS, (list(subjects),)).fetchall()) if subjects else {}


def supersede(tx: Transaction, subjects: Sequence[str], why: str) -> None:
    """End the open ones of these items without a decision."""
    if subjects:
        tx.execute(_END, (list(subjects), why))


def _columns(item: NewItem) -> dict[str, Any]:
    evidence = item.evidence
    return {
        "item_id": new_id(),
        "kind": item.kind,
        "subject": item.subject,
        "urgency": urgency(evidence.confidence),
        "confidence": evidence.confidence,
        "match_weight": evidence.match_weight,
        "policy_version": evidence.policy_version,
        "matched_fields": json.dumps(evidence.matched_fields),
        "levels": json.dumps(dict(evidence.levels)),
        "evidence": item.digest,
        "cause": item.cause,
        "customers": item.customer_ids,
        "conversation_id": item.conversation_id,
        "judgement_ids": item.judgement_ids,
        "scan_id": item.scan_id,
        "merge_id": item.merge_id,
    }
