"""Records owns the mirror of customers: one row for each, written over only by the follower."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.matching.domain.customer_seen import LIVE, RawIdentity
from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identity_text, raw_text
from services.matching.store.match_keys import array_text
from services.runtime.database import Transaction

_LOCK = """
    SELECT customer_id::text, epoch, revision, generation, state, keys, identity FROM match_records
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[])
    ORDER BY match_records.customer_id FOR UPDATE
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirror holds of a customer before a change."""

    epoch: str
    revision: int
    generation: int
    state: str
    keys: frozenset[int]
    identity: str

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
    keys: tuple[int, ...]

    @property
    def identity_text(self) -> str:
        """Return the identity as it is stored."""
        return identity_text(self.identity)

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
            "identity": self.identity_text,
            "keys": array_text(self.keys),
        }


def lock(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, Known]:
    """Return what is known of these customers; their rows stay locked, in the order of ids."""
    found = tx.execute(_LOCK, (list(customer_ids),)).fetchall()
    return {row[0]: Known(row[1], row[2], row[3], row[4], frozenset(row[5]), row[6]) for row in found}


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
