"""Counting looks at records, per id that was looked at; a root shows the sum over its tree."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.views import Views, views_of
from services.runtime.database import Transaction

COUNT_ONE = """
INSERT INTO customer_views AS v (company_id, customer_id, view_count, last_viewed_at, last_viewed_by)
VALUES ((SELECT app_company()), %s::uuid, 1, clock_timestamp(), %s)
ON CONFLICT (company_id, customer_id) DO UPDATE SET
    view_count = v.view_count + 1, last_viewed_at = greatest(v.last_viewed_at, excluded.last_viewed_at),
    last_viewed_by = excluded.last_viewed_by
"""
# Each member by its key.
OF_TREES = """
SELECT root.customer_id::text, coalesce(sum(v.view_count), 0)::bigint, max(v.last_viewed_at), clock_timestamp()
  FROM unnest(%s::uuid[]) AS root (customer_id)
  LEFT JOIN LATERAL (
       SELECT customer_id FROM customers
        WHERE company_id = (SELECT app_company()) AND root_id = root.customer_id) AS member ON true
  LEFT JOIN LATERAL (
       SELECT view_count, last_viewed_at FROM customer_views
        WHERE company_id = (SELECT app_company()) AND customer_id = member.customer_id LIMIT 1) AS v ON true
 GROUP BY root.customer_id
"""


def count_one(tx: Transaction, customer_id: str) -> None:
    """Counts a look at a customer by the caller."""
    tx.execute(COUNT_ONE, (customer_id, tx.scope.actor))


def of_trees(tx: Transaction, root_ids: Sequence[str]) -> dict[str, Views]:
    """The views of each root with all that are merged into it."""
    found = tx.execute(OF_TREES, (list(root_ids),)).fetchall() if root_ids else []
    return {root_id: views_of(count, last_at, now) for root_id, count, last_at, now in found}
