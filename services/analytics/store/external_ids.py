"""Which customer has which id of another system, as the feed tells it."""

from collections.abc import Iterable, Mapping

from services.analytics.domain.mirror import CustomerChange
from services.analytics.domain.sales import ExternalReference
from services.analytics.store.told_values import ToldValues
from services.runtime.database import Transaction

EXTERNAL_IDS = ToldValues("mirror_external_ids", ("system", "external_id"))
# A root shows the ids of all its members; the one whose own id it is is the member.
FIND = """
SELECT DISTINCT ON (e.system, e.external_id) e.system, e.external_id, m.customer_id
FROM unnest(%(systems)s::text[], %(external_ids)s::text[]) AS asked (system, external_id)
JOIN mirror_external_ids e
  ON e.company_id = (SELECT app_company()) AND e.system = asked.system AND e.external_id = asked.external_id
JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = e.customer_id
ORDER BY e.system, e.external_id, m.customer_id = m.root_id, m.customer_id
"""


def write(tx: Transaction, changes: Iterable[CustomerChange]) -> None:
    """Stores the ids of the customers as they are told, in place of what was known."""
    told = {change.customer_id: [(one.system, one.external_id) for one in change.external_ids] for change in changes}
    EXTERNAL_IDS.replace(tx, told)


def owners(tx: Transaction, references: Iterable[ExternalReference]) -> Mapping[ExternalReference, str]:
    """The customers that have the ids; one that nobody has is left out."""
    asked = sorted({(one.system, one.external_id) for one in references})
    if not asked:
        return {}
    rows = tx.rows(FIND, {"systems": [system for system, _ in asked], "external_ids": [one for _, one in asked]})
    return {ExternalReference(row["system"], row["external_id"]): str(row["customer_id"]) for row in rows}
