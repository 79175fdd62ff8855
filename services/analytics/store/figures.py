"""The figures of roots, counted again where a tree changes."""

from collections.abc import Collection, Sequence

from services.analytics.domain.mirror import SHOWN, CustomerState
from services.runtime.database import Transaction

SHOW_ROOTS = """
INSERT INTO root_figures AS r (company_id, root_id, listed, active, organization)
SELECT app_company(), c.root_id,
       coalesce(m.root_id = m.customer_id AND m.state = ANY(%(shown)s), false),
       coalesce(m.state = %(active)s, false), coalesce(m.party_type = 'ORGANIZATION', false)
FROM unnest(%(ids)s::uuid[]) AS c (root_id)
LEFT JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = c.root_id
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
    LEFT JOIN customers_mirror m ON m.company_id = app_company() AND m.root_id = c.root_id
    LEFT JOIN origin_figures o ON o.company_id = app_company() AND o.customer_id = m.customer_id
    GROUP BY c.root_id
) s
WHERE r.company_id = app_company() AND r.root_id = s.root_id
"""


def show_roots(tx: Transaction, root_ids: Collection[str]) -> None:
    """Notes anew whether customers are listed roots and of which kind, and locks their figures, by id."""
    if root_ids:
        shown = [state.value for state in SHOWN]
        tx.execute(SHOW_ROOTS, {"ids": list(root_ids), "shown": shown, "active": CustomerState.ACTIVE.value})


def recount_roots(tx: Transaction, root_ids: Sequence[str]) -> None:
    """Sums the trees under roots again from their origins; call it when the roots' figures are locked.

    It is a statement of its own, after the one that locks: so it sees all that was added before the lock, and
    what is added later waits and is added to the new sum.
    """
    if root_ids:
        tx.execute(RECOUNT_ROOTS, (list(root_ids),))
