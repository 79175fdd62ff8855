"""Identities owns the reading of normalised records: one for an explanation, all as of one moment for a scan."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identity_of
from services.runtime.database import Database, TenantScope, Transaction

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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A company's customers as of one moment; `oldest` is the oldest transaction that was open then."""

    tx: Transaction
    oldest: str

    def identities_after(self, after: str | None, limit: int) -> list[tuple[str, Identity]]:
        """Return the next customers in use, as a scan reads them."""
        found = self.tx.execute(_IDENTITIES_AFTER, (after or BEFORE_ALL, limit)).fetchall()
        return [(customer_id, identity_of(identity)) for customer_id, identity in found]

    def count_live(self) -> int:
        """Return how many customers can be found."""
        return int(self.tx.value(_COUNT))


@contextmanager
def snapshot(database: Database, company_id: str) -> Iterator[Snapshot]:
    """Read a company as of one moment. It only reads, so it holds no feed back, however long it takes."""
    with database.connection() as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tx = Transaction(database, connection, TenantScope(company_id))
        tx.set_company(company_id)
        yield Snapshot(tx, str(tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")))


def root_identity(tx: Transaction, customer_id: str) -> tuple[str, Identity] | None:
    """Return the root in use that the customer belongs to, and its identity."""
    found = tx.execute(_ROOT, (customer_id,)).fetchone()
    return (found[0], identity_of(found[1])) if found else None
