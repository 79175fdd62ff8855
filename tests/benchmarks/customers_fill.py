"""Fills the customers database with one company of any size: the service's own records and columns, by COPY.

Drafts are checked, folded and written out by the domain and store code of the service, then copied in past row
security and triggers by the administrator, without feed, timeline and audit; secondary indexes are made afterwards.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg

from services.customers.domain.draft import check
from services.customers.domain.edits import new_record
from services.customers.domain.forest import Tree
from services.customers.domain.record import Actor, OwnRecord, to_json
from services.customers.domain.view import View, root_view
from services.customers.store.rows import CustomerWrite, sorted_columns
from tests.benchmarks.generated import generate
from tests.benchmarks.generator.writing import Row

REGION = "US"
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
CREATORS = [f"agent-{number}" for number in range(40)]
TAGS = ("newsletter", "loyal", "wholesale", "web", "store", "late payer", "vip care", "fair 2025")
SHARES = (0.2, 0.1, 0.05, 0.05, 0.05, 0.01, 0.001, 0.00005)
_AT_ONCE = 5_000
_COLUMNS = (
    "customer_id", "root_id", "own", "view", "etag", "revision", "state", "lifecycle_stage", "name_sort", "email_sort",
    "phone_sort", "search_text", "created_at", "updated_at", "total_conversations", "last_interaction_time",
)  # fmt: skip
_TABLES = {
    "customers": _COLUMNS,
    "customer_keys": ("customer_id", "kind", "value"),
    "external_ids": ("customer_id", "system", "external_id"),
    "customer_labels": ("customer_id", "kind", "label", "facets"),
    "search_words": ("word",),
    "search_texts": ("customer_id", "search_text"),
}
_SECONDARY = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
 WHERE indrelid IN ('customers'::regclass, 'search_texts'::regclass) AND NOT indisprimary
"""

Rows = dict[str, list[tuple[Any, ...]]]
"""The values of rows by table."""


def customer_id(number: int) -> str:
    """The id of the customer in the row with this number."""
    return str(uuid.UUID(int=(number << 84) | (0x7000 << 64) | (0x8 << 60)))


def fill(admin_url: str, company_id: str, size: int) -> None:
    """Writes generated customers, 100 or more, as those of a company that has none."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("SET maintenance_work_mem = '512MB'")
        indexes = admin.execute(_SECONDARY).fetchall()
        for name, _ in indexes:
            admin.execute(f"DROP INDEX {name}".encode())
        with ProcessPoolExecutor() as pool:
            known: set[str] = set()
            for rows in pool.map(_stored, _batches(generate(size).rows)):
                words = {word for (word,) in rows["search_words"]} - known
                known |= words
                for table, values in (rows | {"search_words": [(word,) for word in words]}).items():
                    _copy(admin, company_id, table, values)
        for _, definition in indexes:
            admin.execute(definition.encode())
        for table in _TABLES:
            admin.execute(f"VACUUM ANALYZE {table}".encode())


def _copy(admin: psycopg.Connection, company_id: str, table: str, rows: Iterable[Sequence[Any]]) -> None:
    statement = f"COPY {table} (company_id, {', '.join(_TABLES[table])}) FROM STDIN"
    with admin.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row((company_id, *row))


def _batches(rows: Sequence[Row]) -> Iterator[list[tuple[int, Row]]]:
    numbered = enumerate(rows)
    while batch := list(islice(numbered, _AT_ONCE)):
        yield batch


def _stored(batch: Sequence[tuple[int, Row]]) -> Rows:
    stored: Rows = {table: [] for table in _TABLES}
    for number, row in batch:
        dice = random.Random(number)
        own = _own(number, row, dice)
        view = root_view(Tree(customer_id(number), {customer_id(number): own}))
        write = CustomerWrite(customer_id(number), own, view)
        stored["customers"].append(_values(write, view, dice))
        stored["search_texts"].append((write.customer_id, sorted_columns(view.data)["search_text"]))
        for table, found in (
            ("customer_keys", write.keys()),
            ("external_ids", write.external_ids()),
            ("customer_labels", write.labels()),
        ):
            stored[table] += [(write.customer_id, *key) for key in found[1]]
        stored["search_words"] += [(word,) for word in write.words()]
    return stored


def _own(number: int, row: Row, dice: random.Random) -> OwnRecord:
    draft: dict[str, Any] = {
        name: value for name, value in zip(("name", "email", "phone", "address"), row, strict=True) if value
    }
    draft |= {
        "customer_type": dice.choices(("WALK_IN", "REGULAR", "VIP", "WHOLESALE"), (60, 30, 2, 8))[0],
        "party_type": dice.choices(("PERSON", "ORGANIZATION"), (95, 5))[0],
        "lifecycle_stage": dice.choices(("PROSPECT", "LEAD", "CUSTOMER", "CHURNED"), (45, 20, 30, 5))[0],
        "source": dice.choices(("IMPORT", "API", "MANUAL", "CHAT"), (70, 15, 10, 5))[0],
        "tags": [tag for tag, share in zip(TAGS, SHARES, strict=True) if dice.random() < share],
    }
    if dice.random() < 0.4:
        draft["external_ids"] = [{"system": "shop", "external_id": str(number)}]
    created = BEGUN + timedelta(minutes=number)
    fields = {name: value for name, value in check(draft, region=REGION, now=created).fields.items() if value}
    own = new_record(fields, created, Actor(CREATORS[int(len(CREATORS) * dice.random() ** 3)]))
    state = "INACTIVE" if dice.random() < 0.02 else "ACTIVE"
    changed = created + timedelta(minutes=dice.expovariate(1 / 50_000))
    return own.touched(changed, Actor("agent-0"), state=state)


def _values(write: CustomerWrite, view: View, dice: random.Random) -> tuple[Any, ...]:
    conversations = int(dice.expovariate(1 / 4)) if dice.random() < 0.6 else 0
    last = write.own.created_at + timedelta(minutes=dice.expovariate(1 / 100_000)) if conversations else "-infinity"
    columns = sorted_columns(view.data)
    return (
        write.customer_id,
        view.root_id,
        json.dumps(to_json(write.own)),
        view.text,
        view.etag,
        1,
        view.state,
        view.data["lifecycle_stage"],
        *(columns[name] for name in ("name_sort", "email_sort", "phone_sort", "search_text")),
        write.own.created_at,
        write.own.updated_at,
        conversations,
        last,
    )
