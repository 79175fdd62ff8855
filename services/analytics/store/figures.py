"""The figures of roots, counted again where a tree changes."""

from collections.abc import Collection, Sequence

from services.analytics.domain.mirror import SHOWN, CustomerState
from services.analytics.store import months
from services.runtime.database import Transaction

SHOW_ROOTS = """
INSERT INTO root_figures AS r (company_id, root_id, listed, active, organization)
SELECT app_company(), c.root_id,
       coalesce(m.root_id = m.customer_id AND m.state = ANY(%(shown)s), false),
       coalesce(m.state = %(active)s, false), coalesce(m.party_type = 'ORGANIZATION', false)
FROM unnest(%(ids)s::uuid[]) AS c (root_id)
LEFT JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = c.root_id
ORDER BY c.root_id
ON CONFLICT (company_id, root_id) DO UPDATE SET
    listed = excluded.listed, active = excluded.active, organization = excluded.organization
"""
RECOUNT_ROOTS = """
UPDATE root_figures r SET
    purchases = s.purchases, items = s.items, first_sold_at = s.first_sold_at, last_sold_at = s.last_sold_at
FROM (
    SELECT c.root_id, coalesce(sum(o.purchases), 0)::bigint AS purchases, coalesce(sum(o.items), 0) AS items,
           min(o.first_sold_at) AS first_sold_at, max(o.last_sold_at) AS last_sold_at
    FROM unnest(%s::uuid[]) AS c (root_id)
    LEFT JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.root_id = c.root_id
    LEFT JOIN origin_figures o ON o.company_id = (SELECT app_company()) AND o.customer_id = m.customer_id
    GROUP BY c.root_id
) s
WHERE r.company_id = (SELECT app_company()) AND r.root_id = s.root_id
"""
FORGET_TOTALS = """
DELETE FROM root_totals r
WHERE r.company_id = (SELECT app_company()) AND r.root_id = ANY(%(roots)s::uuid[]) AND NOT EXISTS (
    SELECT FROM customers_mirror m
    JOIN origin_figures o ON o.company_id = (SELECT app_company()) AND o.customer_id = m.customer_id
    WHERE m.company_id = (SELECT app_company()) AND m.root_id = r.root_id AND o.currency = r.currency)
"""
RECOUNT_TOTALS = """
INSERT INTO root_totals AS r (company_id, root_id, currency, listed, purchases, total_minor, last_sold_at)
SELECT app_company(), m.root_id, o.currency, f.listed, sum(o.purchases), sum(o.total_minor), max(o.last_sold_at)
FROM customers_mirror m
JOIN origin_figures o ON o.company_id = (SELECT app_company()) AND o.customer_id = m.customer_id
JOIN root_figures f ON f.company_id = (SELECT app_company()) AND f.root_id = m.root_id
WHERE m.company_id = (SELECT app_company()) AND m.root_id = ANY(%(roots)s::uuid[])
GROUP BY m.root_id, o.currency, f.listed ORDER BY m.root_id, o.currency
ON CONFLICT (company_id, root_id, currency) DO UPDATE SET
    listed = excluded.listed, purchases = excluded.purchases, total_minor = excluded.total_minor,
    last_sold_at = excluded.last_sold_at
"""
# The parts of a root's figures that are listed with it.
SHOW_PARTS = """
UPDATE {parts} p SET listed = f.listed FROM root_figures f
WHERE f.company_id = (SELECT app_company()) AND f.root_id = ANY(%s::uuid[])
      AND p.company_id = (SELECT app_company()) AND p.root_id = f.root_id AND p.listed <> f.listed
"""
PARTS = ("root_totals", "root_months")


def show_roots(tx: Transaction, root_ids: Collection[str]) -> None:
    """Notes anew whether customers are listed roots and of which kind, and locks their figures, by id."""
    if root_ids:
        shown = [state.value for state in SHOWN]
        tx.execute(SHOW_ROOTS, {"ids": list(root_ids), "shown": shown, "active": CustomerState.ACTIVE.value})
        for parts in PARTS:
            tx.execute(SHOW_PARTS.format(parts=parts), (list(root_ids),))


def recount_roots(tx: Transaction, root_ids: Sequence[str]) -> None:
    """Sums the trees under roots again from their origins; call it when the roots' figures are locked.

    It is a statement of its own, after the one that locks: so it sees all that was added before the lock, and
    what is added later waits and is added to the new sum.
    """
    if root_ids:
        roots = {"roots": list(root_ids)}
        tx.execute(RECOUNT_ROOTS, (list(root_ids),))
        tx.execute(FORGET_TOTALS, roots)
        tx.execute(RECOUNT_TOTALS, roots)
        months.recount(tx, root_ids)
