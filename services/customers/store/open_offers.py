"""Who has an offer that waits for an answer."""

from __future__ import annotations

from collections.abc import Sequence

from services.runtime.database import Transaction

# Each member by itself, through the index of what belongs to it.
OF_TREES = """
SELECT root.customer_id::text
  FROM unnest(%s::uuid[]) AS root (customer_id)
 WHERE EXISTS (
       SELECT FROM (SELECT customer_id FROM customers
                     WHERE company_id = (SELECT app_company()) AND root_id = root.customer_id) AS member
        CROSS JOIN LATERAL (
              SELECT 1 FROM engagements
               WHERE company_id = (SELECT app_company()) AND origin_customer_id = member.customer_id
                 AND kind = 'OFFER' AND deleted_at IS NULL AND status IN ('DRAFT', 'SENT') LIMIT 1) AS offer)
"""


def of_trees(tx: Transaction, root_ids: Sequence[str]) -> set[str]:
    """Those of some roots of whose tree a member has an offer that is a draft or sent."""
    rows = tx.execute(OF_TREES, (list(root_ids),)).fetchall() if root_ids else []
    return {root_id for (root_id,) in rows}
