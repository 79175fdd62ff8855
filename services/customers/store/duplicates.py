"""Exact duplicates: the locks under which they are looked for, and the look-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from services.customers.domain.failures import DuplicateHit
from services.customers.domain.keys import Key, company_lock, key_locks
from services.runtime.database import Transaction

MOST_HITS, MOST_LOCKS = 20, 200

LOCK = "SELECT lock_keys(%s, %s, %s::bigint[])"
HITS = """
SELECT DISTINCT ON (wanted.ordinal, k.customer_id) k.customer_id::text, k.kind, k.value
  FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS wanted (kind, value, ordinal)
 CROSS JOIN LATERAL (
       SELECT kind, value, customer_id FROM customer_keys
        WHERE company_id = (SELECT app_company()) AND kind = wanted.kind AND value = wanted.value
        ORDER BY customer_id LIMIT %s) AS k
 ORDER BY wanted.ordinal, k.customer_id
"""
OWNERS = """
SELECT x.system, x.external_id, x.customer_id::text
  FROM unnest(%s::text[], %s::text[]) AS wanted (system, external_id)
 CROSS JOIN LATERAL (
       SELECT system, external_id, customer_id FROM external_ids
        WHERE company_id = (SELECT app_company()) AND system = wanted.system AND external_id = wanted.external_id
        LIMIT 1) AS x
"""


def lock_keys(tx: Transaction, keys: Iterable[Key]) -> None:
    """Takes the locks of keys, if there are any. What holds them must be looked up in a later statement.

    Of very many the company's own is taken in their place: all sessions share room for some thousand locks.
    """
    locks = key_locks(tx.scope.company_id, keys)
    if len(locks) > MOST_LOCKS:
        lock_all_keys(tx)
    elif locks:
        tx.execute(LOCK, (company_lock(tx.scope.company_id), False, locks))


def lock_all_keys(tx: Transaction) -> None:
    """Keeps every other writer of keys in the company out until the transaction ends."""
    tx.execute(LOCK, (company_lock(tx.scope.company_id), True, []))


def holders(tx: Transaction, keys: Sequence[Key]) -> dict[Key, list[str]]:
    """The live customers that hold each of the keys, oldest first, at most MOST_HITS of each key."""
    if not keys:
        return {}
    kinds, values = zip(*keys, strict=True)
    found: dict[Key, list[str]] = {}
    for row in tx.rows(HITS, (list(kinds), list(values), MOST_HITS)):
        found.setdefault((row["kind"], row["value"]), []).append(row["customer_id"])
    return found


def hits(tx: Transaction, keys: Collection[Key], except_for: str = "") -> list[DuplicateHit]:
    """The live customers that hold one of the keys, but for one of them; oldest first, at most MOST_HITS."""
    found = {
        DuplicateHit(customer_id, kind)
        for (kind, _), customers in holders(tx, sorted(keys)).items()
        for customer_id in customers
        if customer_id != except_for
    }
    return sorted(found, key=lambda hit: (hit.customer_id, hit.key_kind))[:MOST_HITS]


def owners(tx: Transaction, external_ids: Collection[Key]) -> dict[Key, str]:
    """For each pair of system and external id that is taken, the customer whose own record has it."""
    if not external_ids:
        return {}
    systems, ids = zip(*sorted(external_ids), strict=True)
    rows = tx.rows(OWNERS, (list(systems), list(ids)))
    return {(row["system"], row["external_id"]): row["customer_id"] for row in rows}
