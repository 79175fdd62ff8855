"""The figures of origins, roots and companies: added to by sales, counted again where a tree changes."""

from collections.abc import Collection, Sequence
from zlib import crc32

from services.analytics.domain.mirror import SHOWN, CustomerState
from services.analytics.domain.sales import Sale
from services.runtime.database import Transaction

SHARDS = 16

# The second insert reads from the first one, so its lock comes after the first one's.
ADD_SALE = """
WITH origin AS (
    INSERT INTO origin_figures AS o
        (company_id, customer_id, currency, purchases, total_minor, items, first_sold_at, last_sold_at)
    VALUES (app_company(), %(origin)s, %(currency)s, 1, %(total)s, %(items)s, %(sold_at)s, %(sold_at)s)
    ON CONFLICT (company_id, customer_id, currency) DO UPDATE SET
        purchases = o.purchases + 1, total_minor = o.total_minor + excluded.total_minor,
        items = o.items + excluded.items, first_sold_at = least(o.first_sold_at, excluded.first_sold_at),
        last_sold_at = greatest(o.last_sold_at, excluded.last_sold_at)
    RETURNING company_id
), root AS (
    INSERT INTO root_figures AS r (company_id, root_id, purchases, items, first_sold_at, last_sold_at)
    SELECT company_id, %(root)s, 1, %(items)s, %(sold_at)s, %(sold_at)s FROM origin
    ON CONFLICT (company_id, root_id) DO UPDATE SET
        purchases = r.purchases + 1, items = r.items + excluded.items,
        first_sold_at = least(r.first_sold_at, excluded.first_sold_at),
        last_sold_at = greatest(r.last_sold_at, excluded.last_sold_at)
    RETURNING company_id
)
INSERT INTO company_totals AS t (company_id, currency, shard, purchases, total_minor)
SELECT company_id, %(currency)s, %(shard)s, 1, %(total)s FROM root
ON CONFLICT (company_id, currency, shard) DO UPDATE SET
    purchases = t.purchases + 1, total_minor = t.total_minor + excluded.total_minor
"""
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


def add_sale(tx: Transaction, sale: Sale, root_id: str) -> None:
    """Adds a sale to what its origin, its root and the company sold."""
    items = sum(line.quantity for line in sale.lines)
    tx.execute(
        ADD_SALE,
        {
            "origin": sale.origin_customer_id,
            "root": root_id,
            "currency": sale.total.currency,
            "total": sale.total.minor,
            "items": items,
            "sold_at": sale.sale_time,
            "shard": crc32(sale.sale_id.encode()) % SHARDS,
        },
    )


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
