"""What is particular to engagements: what became of one, and the change feed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from services.customers.domain.children import Child
from services.runtime.database import Transaction

# The conditions of the partial index stand as constants, so that the planner knows that they hold.
CONVERSIONS = """
SELECT c.converted_from::text, c.engagement_id::text
  FROM unnest(%s::uuid[]) AS asked (engagement_id)
 CROSS JOIN LATERAL (
       SELECT converted_from, engagement_id FROM engagements
        WHERE company_id = (SELECT app_company()) AND converted_from = asked.engagement_id AND deleted_at IS NULL
          AND status NOT IN ('LOST', 'REJECTED', 'EXPIRED', 'NO_SHOW', 'CANCELLED') LIMIT 1) AS c
"""
ANNOUNCE = """
INSERT INTO feed (company_id, subject, kind, revision, payload)
VALUES ((SELECT app_company()), 'engagement', 'ENGAGEMENT_CHANGED', %s, %s)
"""


def conversions(tx: Transaction, engagement_ids: Sequence[str]) -> dict[str, str]:
    """For each of the engagements that became another one that was not given up: the id of that one."""
    if not engagement_ids:
        return {}
    return {row[0]: row[1] for row in tx.execute(CONVERSIONS, (list(engagement_ids),))}


def announce(tx: Transaction, engagement: Child) -> None:
    """Puts an engagement, whole, into the change feed."""
    tx.execute(ANNOUNCE, (engagement["revision"], json.dumps(dict(engagement))))
