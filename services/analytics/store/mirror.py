"""Reads and writes the mirror of customers: what they are, and which tree each belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.analytics.domain.mirror import CustomerChange, CustomerState, PartyType, Stage
from services.runtime.database import Transaction

LOCK_TREES = """
SELECT customer_id, merged_into, root_id, state, party_type, source, stage, staged_at, epoch, revision
FROM customers_mirror
WHERE company_id = (SELECT app_company()) AND (
    customer_id = ANY(%(ids)s::uuid[]) OR root_id = ANY(%(ids)s::uuid[])
    OR root_id = ANY(ARRAY(SELECT root_id FROM customers_mirror
                           WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%(ids)s::uuid[]))))
ORDER BY customer_id
FOR UPDATE
"""
ROOTS = """
SELECT customer_id, root_id FROM customers_mirror
WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])
"""
ERASED = """
SELECT customer_id FROM customers_mirror
WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) AND state = 'ERASED'
"""
WRITE = """
INSERT INTO customers_mirror
    (company_id, customer_id, merged_into, root_id, name, state, party_type, email, phone, customer_type, source,
     stage, staged_at, joined_at, epoch, revision, generation)
SELECT app_company(), c.customer_id, c.merged_into, c.root_id, c.name, c.state, c.party_type, c.email, c.phone,
       c.customer_type, c.source, c.stage, c.staged_at, c.joined_at, %(epoch)s, c.revision, %(generation)s
FROM unnest(%(customer_ids)s::uuid[], %(merged_into)s::uuid[], %(root_ids)s::uuid[], %(names)s::text[],
            %(states)s::text[], %(party_types)s::text[], %(emails)s::text[], %(phones)s::text[],
            %(customer_types)s::text[], %(sources)s::text[], %(stages)s::text[], %(staged_at)s::timestamptz[],
            %(joined_at)s::timestamptz[], %(revisions)s::bigint[])
     AS c (customer_id, merged_into, root_id, name, state, party_type, email, phone, customer_type, source, stage,
           staged_at, joined_at, revision)
ORDER BY c.customer_id
ON CONFLICT (company_id, customer_id) DO UPDATE SET
    merged_into = excluded.merged_into, root_id = excluded.root_id, name = excluded.name, state = excluded.state,
    party_type = excluded.party_type, email = excluded.email, phone = excluded.phone,
    customer_type = excluded.customer_type, source = excluded.source, stage = excluded.stage,
    staged_at = excluded.staged_at, joined_at = excluded.joined_at, epoch = excluded.epoch,
    revision = excluded.revision, generation = excluded.generation
"""
MOVE = """
UPDATE customers_mirror m SET root_id = c.root_id
FROM unnest(%s::uuid[], %s::uuid[]) AS c (customer_id, root_id)
WHERE m.company_id = (SELECT app_company()) AND m.customer_id = c.customer_id
"""
MARK_SEEN = """
UPDATE customers_mirror SET generation = %s
WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) AND generation < %s
"""
UNSEEN = """
SELECT customer_id, party_type, source, stage, staged_at, joined_at FROM customers_mirror
WHERE company_id = (SELECT app_company()) AND generation < %s AND state <> 'GONE' AND customer_id > %s::uuid
ORDER BY customer_id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A customer as it is in the mirror."""

    customer_id: str
    merged_into: str | None
    root_id: str
    state: CustomerState
    party_type: PartyType
    source: str
    stage: Stage
    staged_at: datetime
    epoch: str
    revision: int


def lock_trees(tx: Transaction, customer_ids: Iterable[str]) -> dict[str, Mirrored]:
    """The customers and all of the trees they are in, locked against sales and other changes, by id."""
    rows = tx.rows(LOCK_TREES, {"ids": list(customer_ids)})
    return {str(row["customer_id"]): _mirrored(row) for row in rows}


def erased(tx: Transaction, customer_ids: Iterable[str]) -> set[str]:
    """Those of the customers who were erased."""
    return {str(row["customer_id"]) for row in tx.rows(ERASED, (sorted(customer_ids),))}


def roots_of(tx: Transaction, customer_ids: Iterable[str]) -> dict[str, str]:
    """The roots of those of the customers that are known."""
    asked = list(customer_ids)
    if not asked:
        return {}
    return {str(row["customer_id"]): str(row["root_id"]) for row in tx.rows(ROOTS, (asked,))}


def write(
    tx: Transaction,
    epoch: str,
    generation: int,
    changes: Sequence[CustomerChange],
    roots: Mapping[str, str],
) -> None:
    """Stores the customers as they are told."""
    if not changes:
        return
    tx.execute(
        WRITE,
        {
            "epoch": epoch,
            "generation": generation,
            "customer_ids": [change.customer_id for change in changes],
            "merged_into": [change.merged_into for change in changes],
            "root_ids": [roots[change.customer_id] for change in changes],
            "names": [change.name for change in changes],
            "states": [change.state.value for change in changes],
            "party_types": [change.party_type.value for change in changes],
            "emails": [change.email for change in changes],
            "phones": [change.phone for change in changes],
            "customer_types": [change.customer_type for change in changes],
            "sources": [change.source for change in changes],
            "stages": [change.stage.value for change in changes],
            "staged_at": [change.staged_at for change in changes],
            "joined_at": [change.joined_at for change in changes],
            "revisions": [change.revision for change in changes],
        },
    )


def move(tx: Transaction, roots: Mapping[str, str]) -> None:
    """Puts customers under other roots."""
    if roots:
        tx.execute(MOVE, (list(roots.keys()), list(roots.values())))


def mark_seen(tx: Transaction, generation: int, customer_ids: Sequence[str]) -> None:
    """Notes that customers were seen in a pass, though nothing about them is new."""
    if customer_ids:
        tx.execute(MARK_SEEN, (generation, list(customer_ids), generation))


def unseen(tx: Transaction, generation: int, after: str, limit: int) -> list[CustomerChange]:
    """Customers that were not seen in a pass, by id, as gone."""
    rows = tx.rows(UNSEEN, (generation, after, limit))
    return [_gone(row) for row in rows]


def _mirrored(row: Mapping[str, Any]) -> Mirrored:
    return Mirrored(
        customer_id=str(row["customer_id"]),
        merged_into=str(row["merged_into"]) if row["merged_into"] else None,
        root_id=str(row["root_id"]),
        state=CustomerState(row["state"]),
        party_type=PartyType(row["party_type"]),
        source=row["source"],
        stage=Stage(row["stage"]),
        staged_at=row["staged_at"],
        epoch=row["epoch"],
        revision=row["revision"],
    )


def _gone(row: Mapping[str, Any]) -> CustomerChange:
    return CustomerChange(
        customer_id=str(row["customer_id"]),
        revision=0,
        name="",
        state=CustomerState.GONE,
        party_type=PartyType(row["party_type"]),
        merged_into=None,
        source=row["source"],
        stage=Stage(row["stage"]),
        staged_at=row["staged_at"],
        joined_at=row["joined_at"],
    )
