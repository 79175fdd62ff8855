"""Counts in which months the customers of each month of a first purchase came back."""

from datetime import date

from services.analytics.domain.company_reports import CohortCell
from services.runtime.database import Transaction

COHORTS = """
SELECT cohort, month, count(*) AS customers, sum(purchases)::bigint AS purchases FROM root_months
WHERE company_id = app_company() AND listed
      AND cohort >= coalesce(%(first)s::date, '-infinity') AND cohort <= coalesce(%(last)s::date, 'infinity')
GROUP BY 1, 2 ORDER BY 1, 2
"""


def cells(tx: Transaction, first: date | None, last: date | None) -> list[CohortCell]:
    """The cells of the cohorts from one month to another, by cohort and month."""
    rows = tx.rows(COHORTS, {"first": first, "last": last})
    return [CohortCell(row["cohort"], row["month"], row["customers"], row["purchases"]) for row in rows]
