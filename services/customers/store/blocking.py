"""What stands against the deletion of customers: jobs that go on."""

from __future__ import annotations

from collections.abc import Sequence

from services.runtime.database import Transaction
from services.runtime.failures import PreconditionViolation

MOST_NAMED = 20
# At most so many of each customer; each by its key, through the index of jobs that go on.
JOBS = """
SELECT asked.customer_id::text, j.engagement_id::text, j.status, j.title
  FROM unnest(%s::uuid[]) AS asked (customer_id)
 CROSS JOIN LATERAL (
       SELECT engagement_id, status, title FROM engagements
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = asked.customer_id AND deleted_at IS NULL
          AND kind = 'JOB' AND status IN ('SCHEDULED', 'IN_PROGRESS', 'ON_HOLD')
        ORDER BY engagement_id LIMIT %s) AS j
"""


def jobs(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, list[PreconditionViolation]]:
    """The jobs that go on of each customer that has some, by the id that they were written for."""
    found: dict[str, list[PreconditionViolation]] = {}
    for row in tx.rows(JOBS, (list(customer_ids), MOST_NAMED)):
        told = PreconditionViolation(
            "ACTIVE_JOB", f"engagements/{row['engagement_id']}", f"{row['title']}: {row['status']}"
        )
        found.setdefault(row["customer_id"], []).append(told)
    return found
