"""Records owns the mirror of customers: one row for each, and the keys of those in use."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.matching.domain.customer_seen import LIVE, RawIdentity
from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identity_of, identity_text, raw_of, raw_text
from services.runtime.database import Transaction

_LOCK = """
    SELECT customer_id::text, epoch, revision, generation, state, keys FROM match_records
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])
    ORDER BY customer_id FOR UPDATE
"""
_UPSERT = """
    INSERT INTO match_records (company_id, customer_id, root_id, state, epoch, revision, generation, name, email, phone,
                               completeness, created_at, source, identity, keys)
    SELECT (SELECT app_company()), t.customer_id, t.root_id, t.state, %s, t.revision, %s, t.name, t.email, t.phone,
           t.completeness, t.created_at, t.source, t.identity, t.keys::bigint[]
    FROM json_to_recordset(%s::json)
        AS t (customer_id uuid, root_id uuid, state text, revision bigint, name text, email text, phone text,
              completeness integer, created_at timestamptz, source text, identity text, keys text)
    ORDER BY t.customer_id
    ON CONFLICT (company_id, customer_id) DO UPDATE SET root_id = excluded.root_id, state = excluded.state,
        epoch = excluded.epoch, revision = excluded.revision, generation = excluded.generation, name = excluded.name,
        email = excluded.email, phone = excluded.phone, completeness = excluded.completeness,
        created_at = excluded.created_at, source = excluded.source, identity = excluded.identity, keys = excluded.keys
"""
_TOUCH = """
    UPDATE match_records SET generation = %s
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])
"""
_REROOT = """
    UPDATE match_records r SET root_id = t.root_id FROM unnest(%s::uuid[], %s::uuid[]) AS t (customer_id, root_id)
    WHERE r.company_id = (SELECT app_company()) AND r.customer_id = t.customer_id AND r.state = 'MERGED'
      AND r.root_id <> t.root_id
"""
_DROP_KEYS = """
    DELETE FROM match_keys k USING unnest(%s::bigint[], %s::uuid[]) AS t (key, customer_id)
    WHERE k.company_id = (SELECT app_company()) AND k.key = t.key AND k.customer_id = t.customer_id
"""
_ADD_KEYS = """
    INSERT INTO match_keys (company_id, key, customer_id)
    SELECT (SELECT app_company()), t.key, t.customer_id FROM unnest(%s::bigint[], %s::uuid[]) AS t (key, customer_id)
    ON CONFLICT DO NOTHING
"""
_RAW_AFTER = """
    SELECT customer_id::text, source, keys FROM match_records
    WHERE company_id = (SELECT app_company()) AND state IN ('ACTIVE', 'INACTIVE')
      AND customer_id > coalesce(%s::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY customer_id LIMIT %s FOR UPDATE
"""
_REDERIVE = """
    UPDATE match_records r SET identity = t.identity, keys = t.keys::bigint[]
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS t (customer_id, identity, keys)
    WHERE r.company_id = (SELECT app_company()) AND r.customer_id = t.customer_id
"""
_GENERATIONS_AFTER = """
    SELECT customer_id::text, generation, keys FROM match_records
    WHERE company_id = (SELECT app_company())
      AND customer_id > coalesce(%s::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY customer_id LIMIT %s
"""
_DELETE = """
    DELETE FROM match_records
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) AND generation < %s
    RETURNING customer_id::text, keys
"""
_IDENTITIES_AFTER = """
    SELECT customer_id::text, identity FROM match_records
    WHERE company_id = (SELECT app_company()) AND state IN ('ACTIVE', 'INACTIVE')
      AND customer_id > coalesce(%s::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY customer_id LIMIT %s
"""
_COUNT = """
    SELECT count(*) FROM match_records
    WHERE company_id = (SELECT app_company()) AND state IN ('ACTIVE', 'INACTIVE')
"""
_ROOT = """
    SELECT r.customer_id::text, r.identity FROM match_records r
    WHERE r.company_id = (SELECT app_company()) AND r.customer_id = root_of(%s::uuid)
"""

Keys = tuple[int, ...]
KeyChange = tuple[str, Iterable[int]]


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirror holds of a customer before a change."""

    epoch: str
    revision: int
    generation: int
    state: str
    keys: frozenset[int]

    @property
    def live(self) -> bool:
        """Return whether it can be found."""
        return self.state in LIVE


@dataclass(frozen=True, slots=True)
class MirrorRow:
    """A customer as the mirror is to hold it; one that cannot be found has no identity and no keys."""

    customer_id: str
    root_id: str
    state: str
    revision: int
    name: str
    email: str
    phone: str
    created_at: datetime
    raw: RawIdentity
    identity: Identity
    keys: Keys

    def columns(self) -> dict[str, Any]:
        """Return the values by column."""
        return {
            "customer_id": self.customer_id,
            "root_id": self.root_id,
            "state": self.state,
            "revision": self.revision,
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "completeness": self.raw.completeness(),
            "created_at": self.created_at.isoformat(),
            "source": raw_text(self.raw),
            "identity": identity_text(self.identity),
            "keys": _array(self.keys),
        }


def lock(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, Known]:
    """Return what is known of these customers; their rows stay locked, in the order of ids."""
    found = tx.execute(_LOCK, (list(customer_ids),)).fetchall()
    return {row[0]: Known(row[1], row[2], row[3], row[4], frozenset(row[5])) for row in found}


def upsert(tx: Transaction, rows: Sequence[MirrorRow], *, epoch: str, generation: int) -> None:
    """Write the rows over what is known."""
    tx.execute(_UPSERT, (epoch, generation, json.dumps([row.columns() for row in rows], ensure_ascii=False)))


def touch(tx: Transaction, customer_ids: Sequence[str], generation: int) -> None:
    """Note that these customers were seen in the pass."""
    tx.execute(_TOUCH, (generation, list(customer_ids)))


def reroot(tx: Transaction, roots: Iterable[tuple[str, str]]) -> None:
    """Point merged customers at their root; pairs of customer and root."""
    pairs = list(roots)
    tx.execute(_REROOT, ([member for member, _ in pairs], [root for _, root in pairs]))


def drop_keys(tx: Transaction, gone: Iterable[KeyChange]) -> None:
    """Take keys from customers."""
    _change_keys(tx, _DROP_KEYS, gone)


def add_keys(tx: Transaction, new: Iterable[KeyChange]) -> None:
    """Give keys to customers."""
    _change_keys(tx, _ADD_KEYS, new)


def raw_after(tx: Transaction, after: str | None, limit: int) -> list[tuple[str, RawIdentity, frozenset[int]]]:
    """Return the raw fields and keys of the next customers in use, locked."""
    found = tx.execute(_RAW_AFTER, (after, limit)).fetchall()
    return [(customer_id, raw_of(source), frozenset(keys)) for customer_id, source, keys in found]


def rederive(tx: Transaction, derived: Sequence[tuple[str, Identity, Keys]]) -> None:
    """Write identities and keys anew."""
    ids, identities, keys = [], [], []
    for customer_id, identity, own_keys in derived:
        ids.append(customer_id)
        identities.append(identity_text(identity))
        keys.append(_array(own_keys))
    tx.execute(_REDERIVE, (ids, identities, keys))


def not_seen_since(tx: Transaction, generation: int, after: str | None, limit: int) -> tuple[list[str], str | None]:
    """Return those of the next customers that no pass since has seen, and where to go on; None at the end."""
    found = tx.execute(_GENERATIONS_AFTER, (after, limit)).fetchall()
    old = [row[0] for row in found if row[1] < generation]
    return old, (found[-1][0] if len(found) == limit else None)


def delete_older(tx: Transaction, customer_ids: Sequence[str], generation: int) -> list[str]:
    """Delete those of the customers that are still not seen, with their keys; answers which."""
    gone = tx.execute(_DELETE, (list(customer_ids), generation)).fetchall()
    drop_keys(tx, gone)
    return [row[0] for row in gone]


def identities_after(tx: Transaction, after: str | None, limit: int) -> list[tuple[str, Identity]]:
    """Return the next customers in use, as a scan reads them."""
    found = tx.execute(_IDENTITIES_AFTER, (after, limit)).fetchall()
    return [(customer_id, identity_of(identity)) for customer_id, identity in found]


def count_live(tx: Transaction) -> int:
    """Return how many customers can be found."""
    return int(tx.value(_COUNT))


def root_identity(tx: Transaction, customer_id: str) -> tuple[str, Identity] | None:
    """Return the root in use that the customer belongs to, and its identity."""
    found = tx.execute(_ROOT, (customer_id,)).fetchone()
    return (found[0], identity_of(found[1])) if found else None


def _change_keys(tx: Transaction, sql: str, changes: Iterable[KeyChange]) -> None:
    pairs = sorted((key, customer_id) for customer_id, keys in changes for key in keys)
    if pairs:
        tx.execute(sql, (_array(key for key, _ in pairs), _array(customer_id for _, customer_id in pairs)))


def _array(values: Iterable[int | str]) -> str:
    """Return numbers or ids as an array in PostgreSQL's own text; psycopg looks at each for something to escape."""
    return "{" + ",".join(map(str, values)) + "}"
