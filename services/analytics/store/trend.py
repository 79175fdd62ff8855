"""Sums the sales of a company by period."""

from datetime import datetime

from services.analytics.domain.company_reports import TrendPoint
from services.analytics.domain.money import Amount
from services.analytics.domain.questions import Period
from services.analytics.store.sales_between import PARTS_BETWEEN
from services.runtime.database import Transaction

# A quarter of an hour lies in one period whole.
TREND = f"""
{PARTS_BETWEEN}
SELECT date_trunc(%(period)s, sold_at AT TIME ZONE %(zone)s)::date AS begin, currency,
       sum(purchases)::bigint AS sales, sum(total_minor) AS total_minor
FROM parts GROUP BY 1, 2 HAVING sum(purchases) > 0 ORDER BY 1, 2 LIMIT %(limit)s
"""


def trend(
    tx: Transaction, sold_from: datetime, sold_before: datetime, period: Period, zone: str, limit: int
) -> list[TrendPoint]:
    """The periods with a sale, by their first day and currency; no more than a limit."""
    asked = {
        "sold_from": sold_from,
        "sold_before": sold_before,
        "period": period.value,
        "zone": zone,
        "limit": limit,
    }
    return [
        TrendPoint(row["begin"], row["sales"], Amount(int(row["total_minor"]), row["currency"]))
        for row in tx.rows(TREND, asked)
    ]
