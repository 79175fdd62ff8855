"""How many children some customers have, by kind."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.moves import MOST_COUNTED, Counts
from services.runtime.database import Transaction

# Of each customer by the index of the kind; deleted children are not counted.
_OF_EACH = """
SELECT m.customer_id::text, '{table}' AS kind, n.children
  FROM unnest(%(ids)s::uuid[]) AS m (customer_id)
 CROSS JOIN LATERAL (
       SELECT count(*) AS children FROM (
              SELECT FROM {table}
               WHERE company_id = (SELECT app_company()) AND origin_customer_id = m.customer_id{where}
               LIMIT %(most)s) AS found) AS n
 WHERE n.children > 0
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


def count(tx: Transaction, customer_ids: Sequence[str]) -> Counts:
    """The number of children of each customer by kind, where there are any."""
    found: dict[str, dict[str, int]] = {}
    for row in tx.rows(COUNT, {"ids": list(customer_ids), "most": MOST_COUNTED + 1}):
        found.setdefault(row["customer_id"], {})[row["kind"]] = row["children"]
    return found
