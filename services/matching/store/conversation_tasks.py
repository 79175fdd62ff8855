"""Conversation tasks owns the conversations that wait to be resolved: one row for each, with what it says now."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from services.matching.domain.conversation import Conversation, Waiting
from services.matching.domain.conversation_resolution import Resolution
from services.runtime.database import Database, Transaction

MOST_WAITING = 100_000
"""Of one company; what comes beyond is counted and stays an orphan, which a later call finds."""

WHOLE_MERGE_S = 1.0
"""How long is waited for the rest of a merge: its sides may come in two batches."""

_LONGEST_FAILURE = 500
_WAITING = """
    SELECT count(*) FROM (SELECT FROM conversation_tasks WHERE company_id = (SELECT app_company()) LIMIT %s) AS t
"""
_OF = """
    SELECT conversation_id::text, coalesce(content::json ->> 'etag', '') = '' FROM conversation_tasks
    WHERE company_id = (SELECT app_company()) AND conversation_id = ANY(%s::uuid[])
"""
# A task that was parked begins anew when its conversation changes.
_PUT = """
    INSERT INTO conversation_tasks AS t (company_id, conversation_id, epoch, revision, content)
    SELECT (SELECT app_company()), n.conversation_id, n.epoch, n.revision, n.content
    FROM json_to_recordset(%s::json) AS n (conversation_id uuid, epoch text, revision bigint, content text)
    ORDER BY n.conversation_id
    ON CONFLICT (company_id, conversation_id) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision,
        content = excluded.content, attempts = 0, due_at = clock_timestamp(), parked = false, failure = ''
    WHERE t.epoch <> excluded.epoch OR t.revision < excluded.revision
"""
# From customers to items and nowhere else. What only a name was known of stays with whoever was asked.
_PUT_AGAIN = """
    WITH asked AS MATERIALIZED (
        SELECT i.conversation_id::uuid AS conversation_id FROM review_items i
        WHERE i.company_id = (SELECT app_company()) AND i.kind || '' = 'CONVERSATION' AND i.item_id = ANY(ARRAY(
            SELECT c.item_id FROM unnest(%s::uuid[]) AS t (customer_id)
            JOIN review_item_customers c ON c.company_id = (SELECT app_company()) AND c.customer_id = t.customer_id))
          AND EXISTS (SELECT FROM unnest(i.customers) AS t (customer_id) WHERE root_of(t.customer_id) IS NOT NULL)
    )
    INSERT INTO conversation_tasks (company_id, conversation_id, epoch, revision, due_at, content)
    SELECT r.company_id, r.conversation_id, r.epoch, r.revision, clock_timestamp() + make_interval(secs => %s),
           json_build_object('conversation_id', r.conversation_id, 'epoch', r.epoch, 'revision', r.revision)
    FROM asked a JOIN conversation_resolutions r
        ON r.company_id = (SELECT app_company()) AND r.conversation_id = a.conversation_id
    WHERE r.outcome = 'REVIEW' AND r.matched_by <> 'NAME_ONLY'
    ORDER BY r.conversation_id ON CONFLICT DO NOTHING
"""
_PUT_DECIDED = """
    INSERT INTO conversation_tasks (company_id, conversation_id, epoch, revision, content)
    SELECT company_id, conversation_id, epoch, revision,
           json_build_object('conversation_id', conversation_id, 'epoch', epoch, 'revision', revision)
    FROM conversation_resolutions WHERE company_id = (SELECT app_company()) AND conversation_id = %s::uuid
    ON CONFLICT (company_id, conversation_id) DO UPDATE SET attempts = 0, due_at = clock_timestamp(), parked = false
"""
_REFUSED = """
    INSERT INTO conversation_backlogs AS b (company_id, refused) VALUES ((SELECT app_company()), %s)
    ON CONFLICT (company_id) DO UPDATE SET refused = b.refused + excluded.refused
"""
_DROP = """
    DELETE FROM conversation_tasks
    WHERE company_id = (SELECT app_company()) AND conversation_id = ANY(%s::uuid[])
"""
# An epoch that is not known, since the conversation was read and not followed, is the current one.
_DONE = """
    DELETE FROM conversation_tasks t
    USING json_to_recordset(%s::json) AS n (conversation_id uuid, epoch text, revision bigint)
    WHERE t.company_id = (SELECT app_company()) AND t.conversation_id = n.conversation_id
      AND (t.epoch = n.epoch OR n.epoch = '') AND t.revision <= n.revision
"""
_TRY_LATER = """
    UPDATE conversation_tasks
    SET attempts = attempts + %s, due_at = clock_timestamp() + make_interval(secs => %s), parked = %s, failure = %s
    WHERE company_id = (SELECT app_company()) AND conversation_id = %s::uuid AND epoch = %s AND revision = %s
"""
_DUE = """
    SELECT company_id, content, attempts FROM conversation_tasks
    WHERE NOT parked AND due_at <= clock_timestamp() ORDER BY due_at LIMIT %s
"""
_STATE = """
    SELECT parked, failure FROM conversation_tasks
    WHERE company_id = (SELECT app_company()) AND conversation_id = %s::uuid
"""
_COUNTS = """
    SELECT count(*) FILTER (WHERE NOT parked), count(*) FILTER (WHERE parked),
           (SELECT coalesce(max(b.refused), 0) FROM conversation_backlogs b WHERE b.company_id = (SELECT app_company()))
    FROM conversation_tasks WHERE company_id = (SELECT app_company())
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many conversations of a company wait, are put aside, and were not taken in."""

    pending: int
    parked: int
    refused: int


def put(tx: Transaction, conversations: Sequence[Conversation]) -> None:
    """Let conversations wait; where too many do, only those that wait already are renewed, and the rest counted."""
    waiting = tx.value(_WAITING, (MOST_WAITING,))
    if waiting + len(conversations) > MOST_WAITING:
        known = {row[0] for row in tx.execute(_OF, ([one.conversation_id for one in conversations],)).fetchall()}
        refused = [one for one in conversations if one.conversation_id not in known][max(MOST_WAITING - waiting, 0) :]
        conversations = [one for one in conversations if one not in refused]
        tx.execute(_REFUSED, (len(refused),))
    rows = [
        {
            "conversation_id": one.conversation_id,
            "epoch": one.epoch,
            "revision": one.revision,
            "content": json.dumps(asdict(one), ensure_ascii=False),
        }
        for one in conversations
    ]
    tx.execute(_PUT, (json.dumps(rows, ensure_ascii=False),))


def put_again(tx: Transaction, customer_ids: Iterable[str]) -> None:
    """Let those wait again that a person was to tell apart by these customers, who have left, while others are there.

    Such a task has no more than the ids of its conversation: what that says is not kept here.
    """
    tx.execute(_PUT_AGAIN, (list(customer_ids), WHOLE_MERGE_S))


def put_decided(tx: Transaction, conversation_id: str) -> None:
    """Let a conversation wait whose customer a person has decided; its task has no more than ids either."""
    tx.execute(_PUT_DECIDED, (conversation_id,))


def waiting(tx: Transaction, conversation_ids: Iterable[str]) -> dict[str, bool]:
    """Return those of the conversations that wait or are put aside, each with whether it waits again."""
    return dict(tx.execute(_OF, (list(conversation_ids),)).fetchall())


def drop(tx: Transaction, conversation_ids: Iterable[str]) -> None:
    """Let conversations wait no longer, whatever they say."""
    tx.execute(_DROP, (list(conversation_ids),))


def done(tx: Transaction, seen: Iterable[Conversation | Resolution]) -> None:
    """Let conversations wait no longer, unless they have changed since they were seen."""
    rows = [{name: getattr(one, name) for name in ("conversation_id", "epoch", "revision")} for one in seen]
    tx.execute(_DONE, (json.dumps(rows),))


def try_later(tx: Transaction, task: Waiting, seconds: float, failure: str, *, counts: bool, park: bool) -> None:
    """Let a conversation wait some time longer, or put it aside, unless it has changed since."""
    one = task.conversation
    key = (one.conversation_id, one.epoch, one.revision)
    tx.execute(_TRY_LATER, (int(counts), seconds, park, failure.replace("\x00", "")[:_LONGEST_FAILURE], *key))


def due(upkeep: Database, limit: int) -> list[Waiting]:
    """Return what is to be done now, of all companies, the longest due first; asked as the upkeep role."""
    with upkeep.connection() as connection:
        rows = connection.execute(_DUE, (limit,)).fetchall()
    return [
        Waiting(company_id, Conversation(**json.loads(content)), attempts) for company_id, content, attempts in rows
    ]


def state_of(tx: Transaction, conversation_id: str) -> tuple[bool, str] | None:
    """Return whether a conversation is put aside and why; None where it does not wait."""
    row = tx.execute(_STATE, (conversation_id,)).fetchone()
    return (row[0], row[1]) if row else None


def backlog(tx: Transaction) -> Backlog:
    """Return how many of the company wait."""
    row = tx.execute(_COUNTS).fetchone()
    assert row is not None
    return Backlog(*row)
