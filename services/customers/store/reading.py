"""Reading what is shown of customers by id."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.fields import Json
from services.runtime.database import Transaction
from services.runtime.ids import is_id

SHOWN = "view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision)"
ROOTS = f"""
SELECT asked.customer_id::text AS asked_id, root.shown
  FROM customers AS asked
  JOIN LATERAL (
       SELECT {SHOWN} AS shown, state FROM customers
        WHERE company_id = (SELECT app_company()) AND customer_id = asked.root_id) AS root
    ON root.state IN ('ACTIVE', 'INACTIVE')
 WHERE asked.company_id = (SELECT app_company()) AND asked.customer_id = ANY(%s::uuid[])
"""


def roots(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, dict[str, Json]]:
    """For each id that is there and not deleted: what its root shows."""
    ids = [customer_id for customer_id in customer_ids if is_id(customer_id)]
    found = {row["asked_id"]: row["shown"] for row in tx.rows(ROOTS, (ids,))} if ids else {}
    return {customer_id: found[customer_id.lower()] for customer_id in ids if customer_id.lower() in found}
