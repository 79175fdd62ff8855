"""Identities owns the reading of normalised records: one for an explanation, all of them for a scan."""

from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identity_of
from services.runtime.database import Transaction

BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
"""The id before the first one."""

# Ordered by the column, not by the text that is selected under its name: only so the primary key gives the order.
_IDENTITIES_AFTER = """
    SELECT customer_id::text, identity FROM match_records
    WHERE company_id = (SELECT app_company()) AND state IN ('ACTIVE', 'INACTIVE')
      AND customer_id > %s::uuid
    ORDER BY match_records.customer_id LIMIT %s
"""
_COUNT = """
    SELECT count(*) FROM match_records
    WHERE company_id = (SELECT app_company()) AND state IN ('ACTIVE', 'INACTIVE')
"""
_ROOT = """
    SELECT r.customer_id::text, r.identity FROM match_records r
    WHERE r.company_id = (SELECT app_company()) AND r.customer_id = root_of(%s::uuid)
"""


def identities_after(tx: Transaction, after: str | None, limit: int) -> list[tuple[str, Identity]]:
    """Return the next customers in use, as a scan reads them."""
    found = tx.execute(_IDENTITIES_AFTER, (after or BEFORE_ALL, limit)).fetchall()
    return [(customer_id, identity_of(identity)) for customer_id, identity in found]


def count_live(tx: Transaction) -> int:
    """Return how many customers can be found."""
    return int(tx.value(_COUNT))


def root_identity(tx: Transaction, customer_id: str) -> tuple[str, Identity] | None:
    """Return the root in use that the customer belongs to, and its identity."""
    found = tx.execute(_ROOT, (customer_id,)).fetchone()
    return (found[0], identity_of(found[1])) if found else None
