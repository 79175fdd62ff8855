"""Regrouping owns the queue of customers whose groups are to be judged anew, and what is read and written for it."""

from collections.abc import Sequence

from services.matching.domain.identity_record import Identity
from services.matching.store.identity_text import identity_of
from services.runtime.database import Transaction

_PUT = """
    INSERT INTO regrouping (company_id, customer_id)
    SELECT (SELECT app_company()), t.customer_id FROM unnest(%s::uuid[]) AS t (customer_id)
    WHERE EXISTS (SELECT 1 FROM companies c
                  WHERE c.company_id = (SELECT app_company()) AND c.listed_scan_id IS NOT NULL)
       OR EXISTS (SELECT 1 FROM scans s
                  WHERE s.company_id = (SELECT app_company()) AND s.state IN ('PENDING', 'RUNNING'))
    ORDER BY t.customer_id
    ON CONFLICT (company_id, customer_id) DO UPDATE SET changed_in = pg_current_xact_id()
"""
_TAKE = """
    DELETE FROM regrouping WHERE company_id = (SELECT app_company()) AND customer_id IN (
        SELECT q.customer_id FROM regrouping q WHERE q.company_id = (SELECT app_company())
        ORDER BY q.customer_id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING customer_id::text
"""
_PENDING = "SELECT count(*) FROM regrouping WHERE company_id = (SELECT app_company())"
_SEEN = "DELETE FROM regrouping WHERE company_id = (SELECT app_company()) AND changed_in < %s::xid8"
_GROUPS_OF = """
    SELECT DISTINCT m.group_id::text FROM duplicate_group_members m
    WHERE m.company_id = (SELECT app_company()) AND m.customer_id = ANY(%s::uuid[]) AND m.scan_id = %s
"""
_MEMBERS_OF = """
    SELECT m.group_id::text, m.customer_id::text, r.identity
    FROM duplicate_group_members m
    JOIN match_records r ON r.company_id = (SELECT app_company()) AND r.customer_id = m.customer_id
    WHERE m.company_id = (SELECT app_company()) AND m.scan_id = %s AND m.group_id = ANY(%s::uuid[]) AND m.live
    ORDER BY m.customer_id
"""
# From each of these roots down to its members, to those judged SAME with any of them, and up to their roots.
_PARTNERS_OF = """
    WITH RECURSIVE tree (customer_id, top) AS (
        SELECT t.customer_id, t.customer_id FROM unnest(%s::uuid[]) AS t (customer_id)
         UNION
        SELECT m.customer_id, tree.top FROM tree JOIN match_records m
            ON m.company_id = (SELECT app_company()) AND m.root_id = tree.customer_id AND m.state = 'MERGED'
    ), partners AS (
        SELECT tree.top, root_of(j.right_id) AS root FROM tree JOIN judgements j ON j.left_id = tree.customer_id
         WHERE j.company_id = (SELECT app_company()) AND j.retracted_at IS NULL AND j.verdict = 'SAME'
         UNION
        SELECT tree.top, root_of(j.left_id) FROM tree JOIN judgements j ON j.right_id = tree.customer_id
         WHERE j.company_id = (SELECT app_company()) AND j.retracted_at IS NULL AND j.verdict = 'SAME'
    )
    SELECT partners.top::text, r.customer_id::text, r.identity FROM partners
      JOIN match_records r ON r.company_id = (SELECT app_company()) AND r.customer_id = partners.root
     WHERE partners.root <> partners.top
"""
_TAKE_OUT = """
    DELETE FROM duplicate_group_members
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND customer_id = ANY(%s::uuid[])
"""
_DROP_GROUPS = """
    DELETE FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND group_id = ANY(%s::uuid[])
"""
_OUT_OF_DATE = """
    UPDATE duplicate_groups SET state = 'OUT_OF_DATE', updated_at = clock_timestamp()
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND group_id = ANY(%s::uuid[])
"""


def put(tx: Transaction, customer_ids: Sequence[str]) -> None:
    """Let the groups of these customers be judged anew, where a scan has listed groups or is about to."""
    if customer_ids:
        tx.execute(_PUT, (list(customer_ids),))


def take(tx: Transaction, limit: int) -> list[str]:
    """Take some customers off the queue, in the order of ids."""
    return sorted(row[0] for row in tx.execute(_TAKE, (limit,)).fetchall())


def pending(tx: Transaction) -> int:
    """Return how many customers wait."""
    return int(tx.value(_PENDING))


def forget_seen(tx: Transaction, snapshot: str) -> None:
    """Take those off the queue whose change a scan has seen, by the oldest transaction that it did not."""
    tx.execute(_SEEN, (snapshot,))


def groups_of(tx: Transaction, scan_id: str, customer_ids: Sequence[str]) -> list[str]:
    """Return the groups that these customers are in, or were before they were merged or deleted."""
    return [row[0] for row in tx.execute(_GROUPS_OF, (list(customer_ids), scan_id)).fetchall()]


def members_of(tx: Transaction, scan_id: str, group_ids: Sequence[str]) -> list[tuple[str, str, Identity]]:
    """Return group, id and identity of each member in use."""
    found = tx.execute(_MEMBERS_OF, (scan_id, list(group_ids))).fetchall()
    return [(group_id, customer_id, identity_of(identity)) for group_id, customer_id, identity in found]


def partners_of(tx: Transaction, root_ids: Sequence[str]) -> dict[str, dict[str, Identity]]:
    """Return who is judged to be the same as each of these roots, with their identities."""
    found: dict[str, dict[str, Identity]] = {}
    for root_id, customer_id, identity in tx.execute(_PARTNERS_OF, (list(root_ids),)).fetchall():
        found.setdefault(root_id, {})[customer_id] = identity_of(identity)
    return found


def take_apart(tx: Transaction, scan_id: str, group_ids: Sequence[str], customer_ids: Sequence[str]) -> None:
    """Delete groups, and these customers from theirs; who was merged or deleted keeps the place for an undo."""
    tx.execute(_TAKE_OUT, (scan_id, list(customer_ids)))
    tx.execute(_DROP_GROUPS, (scan_id, list(group_ids)))


def note_out_of_date(tx: Transaction, scan_id: str, group_ids: Sequence[str]) -> None:
    """Note that groups are not as their members are now."""
    tx.execute(_OUT_OF_DATE, (scan_id, list(group_ids)))
