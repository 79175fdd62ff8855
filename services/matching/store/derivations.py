"""Derivations owns the walks of upkeep over a company's mirror: to derive it anew, and to sweep what is gone."""

from collections.abc import Sequence

from services.matching.domain.customer_seen import RawIdentity
from services.matching.domain.identity_record import Identity
from services.matching.store.identities import BEFORE_ALL
from services.matching.store.identity_text import identity_text, raw_of
from services.matching.store.match_keys import array_text, drop_keys
from services.runtime.database import Transaction

_RAW_AFTER = """
    SELECT customer_id::text, source, keys FROM match_records
    WHERE company_id = (SELECT app_company()) AND state IN ('ACTIVE', 'INACTIVE')
      AND customer_id > %s::uuid
    ORDER BY match_records.customer_id LIMIT %s FOR UPDATE
"""
_REDERIVE = """
    UPDATE match_records r SET identity = t.identity, keys = t.keys::bigint[]
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS t (customer_id, identity, keys)
    WHERE r.company_id = (SELECT app_company()) AND r.customer_id = t.customer_id
"""
_GENERATIONS_AFTER = """
    SELECT customer_id::text, generation, keys FROM match_records
    WHERE company_id = (SELECT app_company())
      AND customer_id > %s::uuid
    ORDER BY match_records.customer_id LIMIT %s
"""
_DELETE = """
    DELETE FROM match_records
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) AND generation < %s
    RETURNING customer_id::text, keys
"""


def raw_after(tx: Transaction, after: str | None, limit: int) -> list[tuple[str, RawIdentity, frozenset[int]]]:
    """Return the raw fields and keys of the next customers in use, locked."""
    found = tx.execute(_RAW_AFTER, (after or BEFORE_ALL, limit)).fetchall()
    return [(customer_id, raw_of(source), frozenset(keys)) for customer_id, source, keys in found]


def rederive(tx: Transaction, derived: Sequence[tuple[str, Identity, tuple[int, ...]]]) -> None:
    """Write identities and keys anew."""
    ids, identities, keys = [], [], []
    for customer_id, identity, own_keys in derived:
        ids.append(customer_id)
        identities.append(identity_text(identity))
        keys.append(array_text(own_keys))
    tx.execute(_REDERIVE, (ids, identities, keys))


def not_seen_since(tx: Transaction, generation: int, after: str | None, limit: int) -> tuple[list[str], str | None]:
    """Return those of the next customers that no pass since has seen, and where to go on; None at the end."""
    found = tx.execute(_GENERATIONS_AFTER, (after or BEFORE_ALL, limit)).fetchall()
    old = [row[0] for row in found if row[1] < generation]
    return old, (found[-1][0] if len(found) == limit else None)


def delete_older(tx: Transaction, customer_ids: Sequence[str], generation: int) -> list[str]:
    """Delete those of the customers that are still not seen, with their keys; answers which."""
    gone = tx.execute(_DELETE, (list(customer_ids), generation)).fetchall()
    drop_keys(tx, gone)
    return [row[0] for row in gone]
