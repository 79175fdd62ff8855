"""Sums the sales of a company by period."""

from datetime import datetime

from services.analytics.domain.company_reports import TrendPoint
from services.analytics.domain.money import Amount
from services.analytics.domain.questions import Period
from services.runtime.database import Transaction

# A quarter of an hour lies in one period whole; those at the ends of the interval are read sale by sale.
TREND = """
WITH edges AS (
    SELECT %(sold_from)s::timestamptz AS sold_from, %(sold_before)s::timestamptz AS sold_before,
           quarter_of(%(sold_from)s::timestamptz - interval '1 microsecond') + interval '15 minutes' AS first,
           quarter_of(%(sold_before)s::timestamptz) AS last
), parts AS (
    SELECT currency, quarter AS sold_at, purchases, total_minor FROM company_quarters, edges
    WHERE company_id = app_company() AND quarter >= first AND quarter < last
    UNION ALL
    SELECT currency, sold_at, 1, net_minor FROM sales, edges
    WHERE company_id = app_company() AND counts AND sold_at >= edges.sold_from
          AND sold_at < least(first, edges.sold_before)
    UNION ALL
    SELECT currency, sold_at, 1, net_minor FROM sales, edges
    WHERE company_id = app_company() AND counts AND sold_at >= greatest(last, first)
          AND sold_at < edges.sold_before
)
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
