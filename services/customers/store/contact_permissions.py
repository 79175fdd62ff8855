"""What decides whether customers may be contacted, read for many at once."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.contact_permission import Asked
from services.customers.domain.fields import CONSENTS
from services.runtime.database import Transaction
from services.runtime.ids import is_id

ANSWERS = ", ".join(f"'{permission}', view -> '{permission}'" for permission in CONSENTS)
READ = f"""
SELECT asked.customer_id::text AS asked_id, root.*
  FROM customers AS asked
 CROSS JOIN LATERAL (
       SELECT customer_id::text AS root_id, state, view ->> 'deleted_at' AS deleted_at,
              jsonb_strip_nulls(jsonb_build_object({ANSWERS})) AS answers,
              jsonb_path_query_array(view, '$.contact_points[*].kind') AS kinds
         FROM customers
        WHERE company_id = (SELECT app_company()) AND customer_id = asked.root_id) AS root
 WHERE asked.company_id = (SELECT app_company()) AND asked.customer_id = ANY(%s::uuid[])
"""


def read(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, Asked]:
    """For each id that there is: its root's state, answers and kinds of contact points."""
    ids = [customer_id for customer_id in customer_ids if is_id(customer_id)]
    found = {
        row["asked_id"]: Asked(
            row["root_id"], row["state"], row["deleted_at"] or "", row["answers"], frozenset(row["kinds"])
        )
        for row in (tx.rows(READ, (ids,)) if ids else [])
    }
    return {customer_id: found[customer_id.lower()] for customer_id in ids if customer_id.lower() in found}
