"""Conversation resolutions owns what became of each conversation last, and what a company wants done with them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import ConversationPolicy, Resolution, ResolutionsAsked
from services.runtime.database import Transaction
from services.runtime.ids import is_id

_COLUMNS = """conversation_id::text, revision, epoch, digest, outcome, matched_by, explanation,
    coalesce(customer_id::text, ''), confidence, weight, filled, added, candidates::text[],
    coalesce(moved_from::text, ''), needs_review, error_reason, coalesce(created_id::text, ''),
    coalesce(linked_id::text, ''), link_time, model_version, resolved_by, coalesce(review_item_id::text, ''), run_id,
    coalesce(decided_id::text, ''), decided_digest, apart::text[], resolved_at"""
_GET = f"""
    SELECT {_COLUMNS} FROM conversation_resolutions
    WHERE company_id = (SELECT app_company()) AND conversation_id = ANY(%s::uuid[])
"""
_TYPES = {
    "conversation_id": "uuid", "revision": "bigint", "epoch": "text", "digest": "text", "outcome": "text",
    "matched_by": "text", "explanation": "text", "customer_id": "uuid", "confidence": "integer", "weight": "float8",
    "filled": "text[]", "added": "text[]", "candidates": "uuid[]", "moved_from": "uuid", "needs_review": "boolean",
    "error_reason": "text", "created_id": "uuid", "linked_id": "uuid", "link_time": "text", "model_version": "text",
    "resolved_by": "text", "review_item_id": "uuid", "run_id": "text",
}  # fmt: skip
_NAMES = ", ".join(_TYPES)
_IDS = [name for name, kind in _TYPES.items() if kind == "uuid"]
_ANEW = {name: f"excluded.{name}" for name in _TYPES if name != "conversation_id"}
_SET = ", ".join(
    f"{name} = {new}" for name, new in {**_ANEW, "created_id": "coalesce(excluded.created_id, r.created_id)"}.items()
)
_SAVE = f"""
    INSERT INTO conversation_resolutions AS r (company_id, {_NAMES})
    SELECT (SELECT app_company()), {_NAMES}
    FROM json_to_recordset(%s::json) AS n ({", ".join(f"{name} {kind}" for name, kind in _TYPES.items())})
    ORDER BY n.conversation_id
    ON CONFLICT (company_id, conversation_id) DO UPDATE SET {_SET}, resolved_at = clock_timestamp()
    RETURNING conversation_id::text, resolved_at
"""
_PAGE = f"""
    SELECT {_COLUMNS} FROM conversation_resolutions
    WHERE company_id = (SELECT app_company())
      AND (resolved_at, conversation_id) > (%(after)s::timestamptz, %(after_id)s::uuid)
      AND resolved_at >= %(start)s::timestamptz AND resolved_at < %(end)s::timestamptz {{narrowed}}
    ORDER BY resolved_at, conversation_id LIMIT %(limit)s
"""
_NARROWED = {"outcome": "AND outcome = %(outcome)s", "run_id": "AND run_id = %(run_id)s"}
# As it is first heard of; what is known of it already stays.
_NOTE_LINKED = """
    INSERT INTO conversation_resolutions
        (company_id, conversation_id, revision, epoch, digest, outcome, matched_by, explanation, customer_id,
         confidence, filled, added, candidates, needs_review, error_reason, link_time, model_version, resolved_by)
    SELECT (SELECT app_company()), t.conversation_id, t.revision, t.epoch, t.digest, 'SKIPPED', 'LINK', %s,
           t.origin_id, 0, '{}', '{}', '{}', false, '', '', '', %s
    FROM json_to_recordset(%s::json)
        AS t (conversation_id uuid, revision bigint, epoch text, digest text, origin_id uuid)
    ORDER BY t.conversation_id ON CONFLICT (company_id, conversation_id) DO NOTHING
"""
_DECIDE = """
    UPDATE conversation_resolutions
    SET decided_id = %(decided)s::uuid, decided_digest = digest,
        apart = ARRAY(SELECT DISTINCT t.id FROM unnest(apart || %(apart)s::uuid[]) AS t (id)
                      WHERE t.id IS DISTINCT FROM %(decided)s::uuid)
    WHERE company_id = (SELECT app_company()) AND conversation_id = %(conversation_id)s::uuid
"""
_FORGET = """
    DELETE FROM conversation_resolutions
    WHERE company_id = (SELECT app_company()) AND conversation_id = ANY(%s::uuid[])
"""
_ROOT = """
    SELECT root_of(%(id)s::uuid)::text, EXISTS (
        SELECT FROM match_records WHERE company_id = (SELECT app_company()) AND customer_id = %(id)s::uuid)
"""
_COUNTS = """
    SELECT outcome, count(*) FROM conversation_resolutions WHERE company_id = (SELECT app_company()) GROUP BY outcome
"""
_POLICY = """
    SELECT automatic, name_only, number, updated_at, updated_by FROM conversation_policies
    WHERE company_id = (SELECT app_company())
"""
_SET_POLICY = """
    INSERT INTO conversation_policies AS p (company_id, number, automatic, name_only, updated_by)
    VALUES ((SELECT app_company()), 1, %s, %s, %s)
    ON CONFLICT (company_id) DO UPDATE SET number = p.number + 1, automatic = excluded.automatic,
        name_only = excluded.name_only, updated_by = excluded.updated_by, updated_at = clock_timestamp()
"""
FIRST = ("-infinity", "00000000-0000-0000-0000-000000000000")
"""What all resolutions come after."""

_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended('conversation ' || (SELECT app_company()) || t.id, 0))
    FROM (SELECT id FROM unnest(%s::text[]) AS u (id) ORDER BY id) AS t
"""
_LOCK_POLICY = "SELECT pg_advisory_xact_lock(hashtextextended('conversation policy ' || (SELECT app_company()), 0))"


def of(tx: Transaction, conversation_ids: Iterable[str]) -> dict[str, Resolution]:
    """Return what became of conversations, by id; those that were never resolved are not among them."""
    ids = [one for one in conversation_ids if is_id(one)]
    found = map(_resolution, tx.execute(_GET, (ids,)).fetchall()) if ids else ()
    return {one.conversation_id: one for one in found}


def page(tx: Transaction, asked: ResolutionsAsked, after: tuple[str, str], limit: int) -> list[Resolution]:
    """Return what became of conversations, the earliest first, after a time and an id."""
    narrowed = " ".join(text for name, text in _NARROWED.items() if getattr(asked, name))
    values = {**asdict(asked), "after": after[0], "after_id": after[1], "limit": limit}
    return [_resolution(row) for row in tx.execute(_PAGE.format(narrowed=narrowed), values).fetchall()]


def lock(tx: Transaction, conversation_ids: Iterable[str]) -> None:
    """Let nobody else write what became of conversations before this transaction ends."""
    tx.execute(_LOCK, (list(conversation_ids),))


def save(tx: Transaction, resolutions: Sequence[Resolution]) -> dict[str, datetime]:
    """Write what became of conversations; gives the time of each. Whom one has created is never forgotten."""
    rows = [{name: getattr(one, name) for name in _TYPES} for one in resolutions]
    for row in rows:
        row |= {name: row[name] or None for name in _IDS}
    return dict(tx.execute(_SAVE, (json.dumps(rows),)).fetchall())


def note_decided(tx: Transaction, conversation_id: str, customer_id: str, apart: Sequence[str]) -> None:
    """Write down who a person says that a conversation is with, empty where that is not said, and who it is not."""
    values = {"decided": customer_id or None, "apart": list(apart), "conversation_id": conversation_id}
    tx.execute(_DECIDE, values)


def note_linked(tx: Transaction, conversations: Sequence[Conversation]) -> None:
    """Write down conversations that were linked by whoever recorded them, so that what they say later is noticed."""
    fields = ("conversation_id", "revision", "epoch", "digest", "origin_id")
    rows = [{name: getattr(one, name) for name in fields} for one in conversations]
    why = "It was linked already when it was first heard of."
    tx.execute(_NOTE_LINKED, (why, tx.scope.actor or "matching", json.dumps(rows)))


def forget(tx: Transaction, conversation_ids: Iterable[str]) -> None:
    """Forget conversations that were deleted."""
    tx.execute(_FORGET, (list(conversation_ids),))


def root_of(tx: Transaction, customer_id: str) -> tuple[str, bool]:
    """Return the root in use of a customer, empty where there is none, and whether the customer was ever heard of."""
    row = tx.execute(_ROOT, {"id": customer_id}).fetchone()
    assert row is not None
    return row[0] or "", row[1]


def counts(tx: Transaction) -> dict[str, int]:
    """Return how many conversations had each outcome last."""
    return dict(tx.execute(_COUNTS).fetchall())


def policy(tx: Transaction) -> ConversationPolicy:
    """Return what the company wants done with its conversations."""
    row = tx.execute(_POLICY).fetchone()
    return ConversationPolicy(*row) if row else ConversationPolicy()


def lock_policy(tx: Transaction) -> None:
    """Let nobody else change the policy before this transaction ends."""
    tx.execute(_LOCK_POLICY)


def set_policy(tx: Transaction, automatic: bool, name_only: str) -> None:
    """Write what the company wants from now on."""
    tx.execute(_SET_POLICY, (automatic, name_only, tx.scope.actor))


def _resolution(row: tuple[Any, ...]) -> Resolution:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return Resolution(*values)
