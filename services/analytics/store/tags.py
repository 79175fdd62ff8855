"""Which tags each customer has, as the feed tells it."""

from collections.abc import Sequence

from services.analytics.domain.mirror import CustomerChange
from services.runtime.database import Transaction

WRITE = """
WITH told AS (
    SELECT * FROM unnest(%(owners)s::uuid[], %(tags)s::text[]) AS t (customer_id, tag)
), gone AS (
    DELETE FROM mirror_tags m
    WHERE m.company_id = app_company() AND m.customer_id = ANY(%(customer_ids)s::uuid[])
          AND NOT EXISTS (SELECT FROM told t WHERE t.customer_id = m.customer_id AND t.tag = m.tag)
)
INSERT INTO mirror_tags (company_id, customer_id, tag)
SELECT DISTINCT app_company(), customer_id, tag FROM told
ON CONFLICT DO NOTHING
"""


def write(tx: Transaction, changes: Sequence[CustomerChange]) -> None:
    """Stores the tags of the customers as they are told, in place of what was known."""
    if not changes:
        return
    told = [(change.customer_id, tag) for change in changes for tag in change.tags]
    tx.execute(
        WRITE,
        {
            "customer_ids": [change.customer_id for change in changes],
            "owners": [customer_id for customer_id, _ in told],
            "tags": [tag for _, tag in told],
        },
    )
