"""How many children some customers have, by kind."""

from __future__ import annotations

from collections.abc import Sequence

from services.runtime.database import Transaction

# Of each customer by the index of the kind; deleted children are not counted.
_OF_EACH = """
SELECT '{table}' AS kind, coalesce(sum(n.children), 0)::bigint AS children
  FROM unnest(%(ids)s::uuid[]) AS m (customer_id)
 CROSS JOIN LATERAL (
       SELECT count(*) AS children FROM {table}
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = m.customer_id{where}) AS n
"""
_NOT_DELETED = " AND deleted_at IS NULL"
KINDS = {
    "notes": _NOT_DELETED,
    "activities": _NOT_DELETED,
    "engagements": _NOT_DELETED,
    "conversations": "",
    "events": "",
}
COUNT = "UNION ALL".join(_OF_EACH.format(table=table, where=where) for table, where in KINDS.items())


def count(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, int]:
    """The number of children of all these customers together, for each kind of which there are any."""
    found = tx.rows(COUNT, {"ids": list(customer_ids)})
    return {row["kind"]: row["children"] for row in found if row["children"]}
