"""Writing customers: rows, keys, external ids, timeline and feed in one statement, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.customers.domain import record
from services.customers.domain.fields import Json
from services.customers.domain.keys import Key
from services.customers.store.rows import CustomerWrite, Event, FeedEntry, sorted_columns
from services.runtime.database import Transaction
from services.runtime.ids import new_id

WRITE = """
WITH removed_keys AS (
    DELETE FROM customer_keys k
     USING unnest(%(gone_key_ids)s::uuid[], %(gone_key_kinds)s::text[], %(gone_key_values)s::text[])
           AS gone (customer_id, kind, value)
     WHERE k.company_id = (SELECT app_company()) AND k.kind = gone.kind AND k.value = gone.value
       AND k.customer_id = gone.customer_id
), removed_ids AS (
    DELETE FROM external_ids x
     USING unnest(%(gone_systems)s::text[], %(gone_values)s::text[]) AS gone (system, external_id)
     WHERE x.company_id = (SELECT app_company()) AND x.system = gone.system AND x.external_id = gone.external_id
), written AS (
    INSERT INTO customers (company_id, customer_id, root_id, own, view, etag, revision, state, lifecycle_stage,
                           name_sort, email_sort, phone_sort, created_at, updated_at)
    SELECT (SELECT app_company()), * FROM unnest(
        %(customer_id)s::uuid[], %(root_id)s::uuid[], %(own)s::text[]::jsonb[], %(view)s::text[]::jsonb[],
        %(etag)s::text[], %(revision)s::bigint[], %(state)s::text[], %(lifecycle_stage)s::text[],
        %(name_sort)s::text[], %(email_sort)s::text[], %(phone_sort)s::text[],
        %(created_at)s::timestamptz[], %(updated_at)s::timestamptz[])
    ON CONFLICT (company_id, customer_id) DO UPDATE SET
        root_id = excluded.root_id, own = excluded.own, view = excluded.view, etag = excluded.etag,
        revision = excluded.revision, state = excluded.state, lifecycle_stage = excluded.lifecycle_stage,
        name_sort = excluded.name_sort, email_sort = excluded.email_sort, phone_sort = excluded.phone_sort,
        updated_at = excluded.updated_at
), added_keys AS (
    INSERT INTO customer_keys (company_id, customer_id, kind, value)
    SELECT (SELECT app_company()), * FROM unnest(%(key_ids)s::uuid[], %(key_kinds)s::text[], %(key_values)s::text[])
), added_ids AS (
    INSERT INTO external_ids (company_id, customer_id, system, external_id)
    SELECT (SELECT app_company()), * FROM unnest(%(id_owners)s::uuid[], %(systems)s::text[], %(values)s::text[])
), noted AS (
    INSERT INTO events (company_id, event_id, origin_customer_id, type, data, actor, actor_name, created_at)
    SELECT (SELECT app_company()), e.event_id, e.customer_id, e.type, e.data, %(actor)s, %(actor_name)s, now()
      FROM unnest(%(event_ids)s::uuid[], %(event_customers)s::uuid[], %(event_types)s::text[],
                  %(event_data)s::text[]::jsonb[]) AS e (event_id, customer_id, type, data)
)
INSERT INTO feed (company_id, subject, kind, revision, payload, previous_stage, merge)
SELECT (SELECT app_company()), * FROM unnest(
    %(feed_subjects)s::text[], %(feed_kinds)s::text[], %(feed_revisions)s::bigint[], %(feed_payloads)s::text[]::jsonb[],
    %(feed_stages)s::text[], %(feed_merges)s::text[]::jsonb[])
"""


def write(
    tx: Transaction,
    writes: Sequence[CustomerWrite],
    events: Sequence[Event] = (),
    feed: Sequence[FeedEntry] = (),
) -> None:
    """Writes rows with their keys and external ids, timeline events and feed entries. One round trip."""
    columns = _customer_columns(writes) | _key_columns(writes) | _event_columns(events) | _feed_columns(feed)
    tx.execute(WRITE, {**columns, "actor": tx.scope.actor, "actor_name": tx.scope.actor_name})


def _customer_columns(writes: Sequence[CustomerWrite]) -> dict[str, list[Any]]:
    rows = [_customer_row(write) for write in writes]
    names = (
        "customer_id root_id own view etag revision state lifecycle_stage created_at updated_at"
        " name_sort email_sort phone_sort"
    )
    return {name: [row[name] for row in rows] for name in names.split()}


def _customer_row(write: CustomerWrite) -> dict[str, Any]:
    after = write.after
    return {
        "customer_id": after.customer_id,
        "root_id": after.root_id,
        "own": _text(record.to_json(after.own)),
        "view": _text(after.view),
        "etag": after.etag,
        "revision": after.revision,
        "state": after.state,
        "lifecycle_stage": after.view["lifecycle_stage"],
        "created_at": after.view["created_at"],
        "updated_at": after.view["updated_at"],
        **sorted_columns(after.view),
    }


def _key_columns(writes: Sequence[CustomerWrite]) -> dict[str, list[str]]:
    gone_keys, keys = _pairs((write.customer_id, *write.keys()) for write in writes)
    gone_ids, ids = _pairs((write.customer_id, *write.external_ids()) for write in writes)
    return {
        "gone_key_ids": gone_keys[0],
        "gone_key_kinds": gone_keys[1],
        "gone_key_values": gone_keys[2],
        "key_ids": keys[0],
        "key_kinds": keys[1],
        "key_values": keys[2],
        "gone_systems": gone_ids[1],
        "gone_values": gone_ids[2],
        "id_owners": ids[0],
        "systems": ids[1],
        "values": ids[2],
    }


def _pairs(
    found: Iterable[tuple[str, set[Key], set[Key]]],
) -> tuple[tuple[list[str], list[str], list[str]], tuple[list[str], list[str], list[str]]]:
    gone: tuple[list[str], list[str], list[str]] = ([], [], [])
    new: tuple[list[str], list[str], list[str]] = ([], [], [])
    for customer_id, removed, added in found:
        for columns, keys in ((gone, removed), (new, added)):
            for first, second in sorted(keys):
                columns[0].append(customer_id)
                columns[1].append(first)
                columns[2].append(second)
    return gone, new


def _event_columns(events: Sequence[Event]) -> dict[str, list[Any]]:
    return {
        "event_ids": [new_id() for _ in events],
        "event_customers": [event.customer_id for event in events],
        "event_types": [event.type for event in events],
        "event_data": [_text(event.data) for event in events],
    }


def _feed_columns(feed: Sequence[FeedEntry]) -> dict[str, list[Any]]:
    return {
        "feed_subjects": [entry.subject for entry in feed],
        "feed_kinds": [entry.kind for entry in feed],
        "feed_revisions": [entry.revision for entry in feed],
        "feed_payloads": [_text(entry.payload) for entry in feed],
        "feed_stages": [entry.previous_stage for entry in feed],
        "feed_merges": [_text(entry.merge) if entry.merge else None for entry in feed],
    }


def _text(value: Mapping[str, Json]) -> str:
    return json.dumps(value, ensure_ascii=False)
