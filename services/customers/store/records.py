"""Writing customers: rows, keys, external ids, timeline and feed in one statement, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from services.customers.domain import record
from services.customers.domain.fields import Json
from services.customers.domain.keys import Key
from services.customers.domain.record import Actor
from services.customers.store.rows import CustomerWrite, Event, FeedEntry, sorted_columns
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id

# Own records and views come beside the JSON of the rows: inside they would be read twice, as JSON and as jsonb.
WRITE = r"""
WITH given AS MATERIALIZED (
    SELECT r.*, r.own_text::jsonb AS own, r.view_text::jsonb AS view
      FROM ROWS FROM (
           json_to_recordset(%(rows)s) AS (
               customer_id uuid, root_id uuid, etag text, revision bigint, state text, lifecycle_stage text,
               name_sort text, email_sort text, phone_sort text, search_text text,
               created_at timestamptz, updated_at timestamptz, talked_at timestamptz, fed text, previous_stage text,
               merge jsonb),
           string_to_table(%(owns)s, E'\x1e'),
           string_to_table(%(views)s, E'\x1e')) AS r (
               customer_id, root_id, etag, revision, state, lifecycle_stage, name_sort, email_sort, phone_sort,
               search_text, created_at, updated_at, talked_at, fed, previous_stage, merge, own_text, view_text)
), written AS (
    INSERT INTO customers (company_id, customer_id, root_id, own, view, etag, revision, state, lifecycle_stage,
                           name_sort, email_sort, phone_sort, search_text, created_at, updated_at,
                           total_conversations, last_interaction_time)
    SELECT (SELECT app_company()), customer_id, root_id, own, view, etag, revision, state, lifecycle_stage,
           name_sort, email_sort, phone_sort, search_text, created_at, updated_at,
           (talked_at IS NOT NULL)::integer, coalesce(talked_at, '-infinity') FROM given
    ON CONFLICT (company_id, customer_id) DO UPDATE SET
        root_id = excluded.root_id, own = excluded.own, view = excluded.view, etag = excluded.etag,
        revision = excluded.revision, state = excluded.state, lifecycle_stage = excluded.lifecycle_stage,
        name_sort = excluded.name_sort, email_sort = excluded.email_sort, phone_sort = excluded.phone_sort,
        search_text = excluded.search_text, updated_at = excluded.updated_at
), added_keys AS (
    INSERT INTO customer_keys (company_id, customer_id, kind, value)
    SELECT (SELECT app_company()), k.* FROM json_to_recordset(%(keys)s) AS k (customer_id uuid, kind text, value text)
), added_ids AS (
    INSERT INTO external_ids (company_id, customer_id, system, external_id)
    SELECT (SELECT app_company()), x.* FROM json_to_recordset(%(ids)s) AS x (customer_id uuid, kind text, value text)
), added_labels AS (
    INSERT INTO customer_labels (company_id, customer_id, kind, label, facets)
    SELECT (SELECT app_company()), l.*
      FROM json_to_recordset(%(labels)s) AS l (customer_id uuid, kind text, label text, facets bigint)
), added_words AS (
    INSERT INTO search_words (company_id, word)
    SELECT (SELECT app_company()), word FROM json_array_elements_text(%(words)s) AS w (word)
    ON CONFLICT DO NOTHING
), noted AS (
    INSERT INTO events (company_id, event_id, origin_customer_id, type, data, actor, actor_name, created_at)
    SELECT (SELECT app_company()), e.*, now() FROM json_to_recordset(%(events)s) AS e (
           event_id uuid, customer_id uuid, type text, data jsonb, actor text, actor_name text)
), announced AS (
    INSERT INTO feed (company_id, subject, kind, revision, payload, previous_stage, merge)
    SELECT (SELECT app_company()), 'customer', fed, revision,
           view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision),
           previous_stage, merge
      FROM given WHERE fed IS NOT NULL
)
SELECT pg_current_xact_id()::text::bigint
"""
ADD_EVENTS = """
INSERT INTO events (company_id, event_id, origin_customer_id, type, data, actor, actor_name, created_at)
SELECT (SELECT app_company()), e.*, now() FROM json_to_recordset(%(events)s) AS e (
       event_id uuid, customer_id uuid, type text, data jsonb, actor text, actor_name text)
RETURNING pg_current_xact_id()::text::bigint
"""
# Each by its primary key: in a join the planner may read all of a company instead, while there are no statistics.
REMOVE = """
WITH gone_keys AS (
DELETE FROM customer_keys WHERE company_id = (SELECT app_company()) AND ctid = ANY(ARRAY(
    SELECT k.ctid FROM json_to_recordset(%(keys)s) AS gone (customer_id uuid, kind text, value text)
     CROSS JOIN LATERAL (
           SELECT ctid FROM customer_keys
            WHERE company_id = (SELECT app_company()) AND kind = gone.kind AND value = gone.value
              AND customer_id = gone.customer_id LIMIT 1) AS k))
), gone_ids AS (
DELETE FROM external_ids WHERE company_id = (SELECT app_company()) AND ctid = ANY(ARRAY(
    SELECT x.ctid FROM json_to_recordset(%(ids)s) AS gone (kind text, value text)
     CROSS JOIN LATERAL (
           SELECT ctid FROM external_ids
            WHERE company_id = (SELECT app_company()) AND system = gone.kind AND external_id = gone.value
            LIMIT 1) AS x))
)
DELETE FROM customer_labels WHERE company_id = (SELECT app_company()) AND ctid = ANY(ARRAY(
    SELECT l.ctid FROM json_to_recordset(%(labels)s) AS gone (customer_id uuid, kind text, label text, facets bigint)
     CROSS JOIN LATERAL (
           SELECT ctid FROM customer_labels
            WHERE company_id = (SELECT app_company()) AND kind = gone.kind AND label = gone.label
              AND facets = gone.facets AND customer_id = gone.customer_id LIMIT 1) AS l))
"""
BETWEEN = "\x1e"
"""Stands between texts: JSON never holds it as it is."""

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write(
    tx: Transaction, writes: Sequence[CustomerWrite], events: Sequence[Event], feed: Sequence[FeedEntry]
) -> ChangeToken:
    """Writes rows with their keys and external ids, timeline events and feed entries, and gives the token of it."""
    gone_keys, keys = _changes((write.customer_id, *write.keys()) for write in writes)
    gone_ids, ids = _changes((write.customer_id, *write.external_ids()) for write in writes)
    gone_labels, labels = _label_changes(writes)
    if gone_keys or gone_ids or gone_labels:
        tx.execute(REMOVE, {"keys": _json(gone_keys), "ids": _json(gone_ids), "labels": _json(gone_labels)})
    fed = {entry.customer_id: entry for entry in feed}
    parameters = {
        "rows": _json([_row(write, fed.get(write.customer_id)) for write in writes]),
        "owns": BETWEEN.join([_json(record.to_json(write.own)) for write in writes]),
        "views": BETWEEN.join([write.view.text for write in writes]),
        "keys": _json(keys),
        "ids": _json(ids),
        "labels": _json(labels),
        "words": _json(sorted(set[str]().union(*(write.words() for write in writes)))),
        **_noted(tx, events),
    }
    return tx.token_of(tx.value(WRITE, parameters))


def add_events(tx: Transaction, events: Sequence[Event]) -> ChangeToken:
    """Writes timeline events alone, and gives the token of it."""
    return tx.token_of(tx.value(ADD_EVENTS, _noted(tx, events)))


def _row(write: CustomerWrite, fed: FeedEntry | None) -> dict[str, Json]:
    after = write.after
    row = {
        "customer_id": after.customer_id,
        "root_id": after.root_id,
        "etag": after.etag,
        "revision": after.revision,
        "state": after.state,
        "lifecycle_stage": after.view["lifecycle_stage"],
        "created_at": after.view["created_at"],
        "updated_at": after.view["updated_at"],
        **sorted_columns(after.view),
    }
    if write.talked_at:
        row["talked_at"] = write.talked_at
    if fed is not None:
        row |= {"fed": fed.kind, "previous_stage": fed.previous_stage, "merge": fed.merge}
    return row


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


def _label_changes(writes: Sequence[CustomerWrite]) -> tuple[list[dict[str, Json]], list[dict[str, Json]]]:
    """The labels to remove and to add, as rows."""
    found: tuple[list[dict[str, Json]], list[dict[str, Json]]] = ([], [])
    for write in writes:
        for rows, labels in zip(found, write.labels(), strict=True):
            rows += [
                {"customer_id": write.customer_id, "kind": kind, "label": label, "facets": facets}
                for kind, label, facets in sorted(labels)
            ]
    return found


def _noted(tx: Transaction, events: Sequence[Event]) -> dict[str, Any]:
    caller = Actor(tx.scope.actor, tx.scope.actor_name)
    return {"events": _json([_event(event, event.by or caller) for event in events])}


def _event(event: Event, by: Actor) -> dict[str, Json]:
    return {
        "event_id": new_id(),
        "customer_id": event.customer_id,
        "type": event.type,
        "data": event.data,
        "actor": by.subject,
        "actor_name": by.name,
    }
