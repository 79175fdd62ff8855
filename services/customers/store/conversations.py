"""Conversations and their interactions: written once a session, read whole, announced in the feed as they are then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.customers.domain.conversation import GIVEN_FIELDS, ConversationDraft
from services.customers.domain.fields import Json
from services.customers.domain.merge import LaterEdit
from services.customers.domain.record import Actor
from services.runtime.database import Transaction
from services.runtime.ids import is_id

LOCK_SESSION = "SELECT pg_advisory_xact_lock(hashtextextended('session ' || app_company() || chr(30) || %s, 0))"
BY_ID = """
SELECT shown_conversation(c) AS shown FROM conversations AS c
 WHERE company_id = (SELECT app_company()) AND conversation_id = %s::uuid
"""
BY_SESSION = """
SELECT shown_conversation(c) AS shown FROM conversations AS c
 WHERE company_id = (SELECT app_company()) AND session_id = %s
"""
INSERT = """
INSERT INTO conversations (company_id, conversation_id, session_id, user_id, customer_name, customer_email,
                           customer_phone, customer_address, started_at, first_at, last_at, created_by,
                           created_by_name, created_at, updated_at, revision,
                           origin_customer_id, linked_at, link_source, linked_by, linked_by_name)
VALUES ((SELECT app_company()), %(conversation_id)s, %(session_id)s, %(user_id)s, %(customer_name)s, %(customer_email)s,
        %(customer_phone)s, %(customer_address)s, %(started_at)s, %(started_at)s, %(started_at)s, %(by)s,
        %(by_name)s, %(now)s, %(now)s, 1,
        %(origin_customer_id)s, %(linked_at)s, %(link_source)s, %(linked_by)s, %(linked_by_name)s)
"""
ADD = """
INSERT INTO interactions (company_id, conversation_id, interaction_number, user_input, ai_response, interaction_summary,
                          interaction_time)
SELECT (SELECT app_company()), %s, i.* FROM json_to_recordset(%s) AS i (
       interaction_number integer, user_input text, ai_response text, interaction_summary text,
       interaction_time timestamptz)
"""
CHANGE = """
UPDATE conversations SET {changes} revision = revision + 1, updated_at = %(now)s
 WHERE company_id = (SELECT app_company()) AND conversation_id = %(conversation_id)s
"""
ANNOUNCE = """
WITH now_shown AS MATERIALIZED (
    SELECT c.revision, shown_conversation(c) AS payload FROM conversations AS c
     WHERE company_id = (SELECT app_company()) AND conversation_id = %s
), announced AS (
    INSERT INTO feed (company_id, subject, kind, revision, payload)
    SELECT (SELECT app_company()), 'conversation', %s, revision, payload FROM now_shown
)
SELECT payload FROM now_shown
"""
MOVES = """
SELECT moved.customer_id::text, e.created_at FROM unnest(%(moved)s::uuid[]) AS moved (customer_id)
 CROSS JOIN LATERAL (
       SELECT created_at FROM events
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = moved.customer_id
          AND type IN ('conversation_linked', 'conversation_unlinked') AND created_at > %(since)s) AS e
"""
CHANGEABLE = {
    "origin_customer_id",
    "linked_at",
    "link_source",
    "linked_by",
    "linked_by_name",
    "unlinked_from",
    "summary",
    "topics",
    "summarized_at",
    *GIVEN_FIELDS,
}
DELETE = """
WITH gone AS (
    DELETE FROM conversations WHERE company_id = (SELECT app_company()) AND conversation_id = %(conversation_id)s
    RETURNING revision
)
INSERT INTO feed (company_id, subject, kind, revision, payload)
SELECT (SELECT app_company()), 'conversation', 'CONVERSATION_CHANGED', revision + 1,
       %(payload)s::jsonb || jsonb_build_object('revision', revision + 1) FROM gone
"""


def lock_session(tx: Transaction, session_id: str) -> None:
    """Keeps other recorders of the same session out until the transaction ends."""
    tx.execute(LOCK_SESSION, (session_id,))


def find(tx: Transaction, conversation_id: str, *, lock: bool = False) -> dict[str, Json] | None:
    """A conversation with its interactions, by its id; locked until the transaction ends where that is asked for."""
    return _shown(tx, BY_ID, conversation_id, lock) if is_id(conversation_id) else None


def find_session(tx: Transaction, session_id: str, *, lock: bool = False) -> dict[str, Json] | None:
    """A conversation with its interactions, by its session."""
    return _shown(tx, BY_SESSION, session_id, lock)


def insert(
    tx: Transaction, conversation_id: str, draft: ConversationDraft, link: Mapping[str, Any], by: Actor, now: datetime
) -> None:
    """Stores a conversation without interactions, linked as `linked` or `unlinked` says."""
    parameters = {
        "conversation_id": conversation_id,
        "session_id": draft.session_id,
        **draft.given,
        "started_at": draft.start(now),
        "by": by.subject,
        "by_name": by.name,
        "now": now,
        **link,
    }
    tx.execute(INSERT, parameters)


def add_interactions(tx: Transaction, conversation_id: str, interactions: Sequence[Mapping[str, Json]]) -> None:
    """Stores interactions, numbered as `new_interactions` gives them."""
    if interactions:
        tx.execute(ADD, (conversation_id, json.dumps(interactions, ensure_ascii=False)))


def change(tx: Transaction, conversation_id: str, changes: Mapping[str, Any], now: datetime) -> None:
    """Sets columns of a conversation, which has the next revision then."""
    assert changes.keys() <= CHANGEABLE, changes
    named = "".join(f"{name} = %({name})s, " for name in changes)
    tx.execute(CHANGE.format(changes=named), {**changes, "now": now, "conversation_id": conversation_id})


def linked(customer_id: str, source: str, by: Actor, now: datetime) -> dict[str, Any]:
    """The columns of a link."""
    return {
        "origin_customer_id": customer_id,
        "linked_at": now,
        "link_source": source,
        "linked_by": by.subject,
        "linked_by_name": by.name,
        "unlinked_from": None,
    }


def unlinked(customer_id: str | None = None) -> dict[str, Any]:
    """The columns of an orphan, and of one that is taken from a customer."""
    nobodys = {"origin_customer_id": None, "linked_at": None, "link_source": "", "linked_by": "", "linked_by_name": ""}
    return {**nobodys, "unlinked_from": customer_id}


def moves_since(tx: Transaction, customer_ids: Sequence[str], time: datetime) -> list[LaterEdit]:
    """When conversations were linked to some customers or taken from them after a time."""
    return moves(tx.execute(MOVES, {"moved": list(customer_ids), "since": time}).fetchall())


def moves(rows: Iterable[tuple[Any, ...]]) -> list[LaterEdit]:
    """Rows of MOVES as edits."""
    return [LaterEdit(customer_id, "conversations", at) for customer_id, at in rows]


def announce(tx: Transaction, conversation_id: str, kind: str) -> dict[str, Json]:
    """Puts a conversation as it is now into the feed, and gives it."""
    shown: dict[str, Json] = tx.value(ANNOUNCE, (conversation_id, kind))
    return shown


def delete(tx: Transaction, shown: Mapping[str, Json]) -> None:
    """Deletes a conversation with its interactions and announces that; nothing that was said goes along."""
    said = {*GIVEN_FIELDS, "summary"}
    payload = {name: "" if name in said else value for name, value in shown.items()}
    payload |= {"said": [], "topics": [], "deleted": True}
    parameters = {"conversation_id": shown["conversation_id"], "payload": json.dumps(payload)}
    tx.execute(DELETE, parameters)


def _shown(tx: Transaction, sql: str, named: str, lock: bool) -> dict[str, Json] | None:
    if lock:
        # Of a statement of its own: what is shown is computed from what is there once the lock is held.
        tx.execute(sql.replace("shown_conversation(c) AS shown", "1") + " FOR UPDATE", (named,))
    found: dict[str, Json] | None = tx.value(sql, (named,))
    return found
