"""Which customer has which id of another system, as the feed tells it."""

from collections.abc import Iterable, Mapping, Sequence

from services.analytics.domain.mirror import CustomerChange
from services.analytics.domain.sales import ExternalReference
from services.runtime.database import Transaction

WRITE = """
WITH told AS (
    SELECT * FROM unnest(%(owners)s::uuid[], %(systems)s::text[], %(external_ids)s::text[])
        AS t (customer_id, system, external_id)
), gone AS (
    DELETE FROM mirror_external_ids e
    WHERE e.company_id = app_company() AND e.customer_id = ANY(%(customer_ids)s::uuid[])
          AND NOT EXISTS (SELECT FROM told t WHERE t.customer_id = e.customer_id AND t.system = e.system
                          AND t.external_id = e.external_id)
)
INSERT INTO mirror_external_ids (company_id, customer_id, system, external_id)
SELECT DISTINCT app_company(), customer_id, system, external_id FROM told
ON CONFLICT DO NOTHING
"""
# A root shows the ids of all its members; the one whose own id it is is the member.
FIND = """
SELECT DISTINCT ON (e.system, e.external_id) e.system, e.external_id, m.customer_id
FROM unnest(%(systems)s::text[], %(external_ids)s::text[]) AS asked (system, external_id)
JOIN mirror_external_ids e
  ON e.company_id = app_company() AND e.system = asked.system AND e.external_id = asked.external_id
JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = e.customer_id
ORDER BY e.system, e.external_id, m.customer_id = m.root_id, m.customer_id
"""


def write(tx: Transaction, changes: Sequence[CustomerChange]) -> None:
    """Stores the ids of the customers as they are told, in place of what was known."""
    if not changes:
        return
    told = [(change.customer_id, one) for change in changes for one in change.external_ids]
    tx.execute(
        WRITE,
        {
            "customer_ids": [change.customer_id for change in changes],
            "owners": [customer_id for customer_id, _ in told],
            "systems": [one.system for _, one in told],
            "external_ids": [one.external_id for _, one in told],
        },
    )


def owners(tx: Transaction, references: Iterable[ExternalReference]) -> Mapping[ExternalReference, str]:
    """The customers that have the ids; one that nobody has is left out."""
    asked = sorted({(one.system, one.external_id) for one in references})
    if not asked:
        return {}
    rows = tx.rows(FIND, {"systems": [system for system, _ in asked], "external_ids": [one for _, one in asked]})
    return {ExternalReference(row["system"], row["external_id"]): str(row["customer_id"]) for row in rows}
