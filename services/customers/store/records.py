"""Writing customers: rows, keys, external ids, timeline and feed in one statement, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from services.customers.domain import record
from services.customers.domain.fields import Json
from services.customers.domain.keys import Key
from services.customers.store.rows import CustomerWrite, Event, FeedEntry, StoredCustomer, sorted_columns
from services.runtime.database import Transaction
from services.runtime.ids import new_id

WRITE = """
WITH removed_keys AS (
    DELETE FROM customer_keys k
     USING json_to_recordset(%(gone_keys)s) AS gone (customer_id uuid, kind text, value text)
     WHERE k.company_id = (SELECT app_company()) AND k.kind = gone.kind AND k.value = gone.value
       AND k.customer_id = gone.customer_id
), removed_ids AS (
    DELETE FROM external_ids x
     USING json_to_recordset(%(gone_ids)s) AS gone (kind text, value text)
     WHERE x.company_id = (SELECT app_company()) AND x.system = gone.kind AND x.external_id = gone.value
), written AS (
    INSERT INTO customers (company_id, customer_id, root_id, own, view, etag, revision, state, lifecycle_stage,
                           name_sort, email_sort, phone_sort, created_at, updated_at)
    SELECT (SELECT app_company()), r.* FROM json_to_recordset(%(rows)s) AS r (
        customer_id uuid, root_id uuid, own jsonb, view jsonb, etag text, revision bigint, state text,
        lifecycle_stage text, name_sort text, email_sort text, phone_sort text, created_at timestamptz,
        updated_at timestamptz)
    ON CONFLICT (company_id, customer_id) DO UPDATE SET
        root_id = excluded.root_id, own = excluded.own, view = excluded.view, etag = excluded.etag,
        revision = excluded.revision, state = excluded.state, lifecycle_stage = excluded.lifecycle_stage,
        name_sort = excluded.name_sort, email_sort = excluded.email_sort, phone_sort = excluded.phone_sort,
        updated_at = excluded.updated_at
), added_keys AS (
    INSERT INTO customer_keys (company_id, customer_id, kind, value)
    SELECT (SELECT app_company()), k.* FROM json_to_recordset(%(keys)s) AS k (customer_id uuid, kind text, value text)
), added_ids AS (
    INSERT INTO external_ids (company_id, customer_id, system, external_id)
    SELECT (SELECT app_company()), x.* FROM json_to_recordset(%(ids)s) AS x (customer_id uuid, kind text, value text)
), noted AS (
    INSERT INTO events (company_id, event_id, origin_customer_id, type, data, actor, actor_name, created_at)
    SELECT (SELECT app_company()), e.*, %(actor)s, %(actor_name)s, now()
      FROM json_to_recordset(%(events)s) AS e (event_id uuid, customer_id uuid, type text, data jsonb)
)
INSERT INTO feed (company_id, subject, kind, revision, payload, previous_stage, merge)
SELECT (SELECT app_company()), f.* FROM json_to_recordset(%(feed)s) AS f (
    subject text, kind text, revision bigint, payload jsonb, previous_stage text, merge jsonb)
"""


def write(
    tx: Transaction,
    writes: Sequence[CustomerWrite],
    events: Sequence[Event] = (),
    feed: Sequence[FeedEntry] = (),
) -> None:
    """Writes rows with their keys and external ids, timeline events and feed entries. One round trip.

    All of it travels as JSON: as arrays the same rows cost psycopg half of an import's time.
    """
    gone_keys, keys = _changes((write.customer_id, *write.keys()) for write in writes)
    gone_ids, ids = _changes((write.customer_id, *write.external_ids()) for write in writes)
    parts = {
        "rows": [_row(write.after) for write in writes],
        "gone_keys": gone_keys,
        "keys": keys,
        "gone_ids": gone_ids,
        "ids": ids,
        "events": [_event(event) for event in events],
        "feed": [_fed(entry) for entry in feed],
    }
    text = {name: json.dumps(part, ensure_ascii=False) for name, part in parts.items()}
    tx.execute(WRITE, {**text, "actor": tx.scope.actor, "actor_name": tx.scope.actor_name})


def _row(after: StoredCustomer) -> dict[str, Json]:
    return {
        "customer_id": after.customer_id,
        "root_id": after.root_id,
        "own": record.to_json(after.own),
        "view": after.view,
        "etag": after.etag,
        "revision": after.revision,
        "state": after.state,
        "lifecycle_stage": after.view["lifecycle_stage"],
        "created_at": after.view["created_at"],
        "updated_at": after.view["updated_at"],
        **sorted_columns(after.view),
    }


def _changes(
    found: Iterable[tuple[str, set[Key], set[Key]]],
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The keys to remove and to add, as rows."""
    gone: list[dict[str, str]] = []
    new: list[dict[str, str]] = []
    for customer_id, removed, added in found:
        for rows, keys in ((gone, removed), (new, added)):
            rows += [{"customer_id": customer_id, "kind": kind, "value": value} for kind, value in sorted(keys)]
    return gone, new


def _event(event: Event) -> dict[str, Json]:
    return {"event_id": new_id(), "customer_id": event.customer_id, "type": event.type, "data": event.data}


def _fed(entry: FeedEntry) -> dict[str, Json]:
    return {
        "subject": entry.subject,
        "kind": entry.kind,
        "revision": entry.revision,
        "payload": entry.payload,
        "previous_stage": entry.previous_stage,
        "merge": entry.merge,
    }
