"""Reads what a whole company has: its customers by frequency, and its revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.money import Amount
from services.analytics.store.sales_between import PARTS_BETWEEN
from services.runtime.database import Transaction

CUSTOMERS = """
SELECT width_bucket(purchases, %s::bigint[]) AS band, active, organization, count(*) AS customers,
       count(*) FILTER (WHERE purchases >= 1) AS buying, count(*) FILTER (WHERE purchases >= 2) AS repeat
FROM root_figures WHERE company_id = app_company() AND listed
GROUP BY 1, 2, 3
"""
REVENUE = """
SELECT currency, sum(purchases)::bigint AS purchases, sum(total_minor) AS total_minor
FROM company_totals WHERE company_id = app_company() GROUP BY currency HAVING sum(purchases) > 0 ORDER BY currency
"""
REVENUE_BETWEEN = f"""
{PARTS_BETWEEN}
SELECT currency, sum(purchases)::bigint AS purchases, sum(total_minor) AS total_minor
FROM parts GROUP BY currency HAVING sum(purchases) > 0 ORDER BY currency
"""
# Whole months are counted by root already; what sticks out at either end is read from the sales themselves. Only the
# few who are merged or not listed are looked up there: everyone else is a listed root.
BUYERS_BETWEEN = """
WITH edges AS MATERIALIZED (
    SELECT %(sold_from)s::timestamptz AS sold_from, %(sold_before)s::timestamptz AS sold_before, month_zone,
           month_in(%(sold_from)s::timestamptz - interval '1 microsecond', month_zone) + interval '1 month' AS first_at,
           month_in(%(sold_before)s::timestamptz, month_zone) AS last
    FROM company_settings WHERE company_id = app_company()
), bounds AS MATERIALIZED (
    SELECT first_at::date AS first, last, least(first_at AT TIME ZONE month_zone, sold_before) AS before_first,
           greatest(last, first_at) AT TIME ZONE month_zone AS from_last
    FROM edges
), single AS (
    SELECT s.origin_customer_id FROM sales s
    WHERE s.company_id = app_company() AND s.counts
          AND s.sold_at >= %(sold_from)s
          AND s.sold_at < (SELECT before_first FROM bounds)
    UNION ALL
    SELECT s.origin_customer_id FROM sales s
    WHERE s.company_id = app_company() AND s.counts
          AND s.sold_at >= (SELECT from_last FROM bounds)
          AND s.sold_at < %(sold_before)s
), parts AS (
    SELECT root_id, least(purchases, 2)::integer AS purchases FROM root_months
    WHERE company_id = app_company() AND listed
          AND month >= (SELECT first FROM bounds) AND month < (SELECT last FROM bounds)
    UNION ALL
    SELECT coalesce(m.root_id, s.origin_customer_id), 1
    FROM single s
    LEFT JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = s.origin_customer_id
                                AND m.customer_id <> m.root_id
    WHERE NOT EXISTS (
        SELECT FROM root_figures f
        WHERE f.company_id = app_company() AND f.root_id = coalesce(m.root_id, s.origin_customer_id) AND NOT f.listed)
)
SELECT count(*) AS buying, count(*) FILTER (WHERE purchases >= 2) AS repeat
FROM (SELECT sum(purchases) AS purchases FROM parts GROUP BY root_id) b
"""
NEW_BETWEEN = """
SELECT count(*) FROM customers_mirror
WHERE company_id = app_company() AND customer_id = root_id AND state IN ('ACTIVE', 'INACTIVE')
      AND joined_at >= %(sold_from)s AND joined_at < %(sold_before)s
"""


@dataclass(frozen=True, slots=True)
class CustomerCount:
    """How many listed customers are alike; `band` counts from 1, the first of the least purchases given."""

    band: int
    active: bool
    organization: bool
    customers: int
    buying: int
    repeat: int


def customers(tx: Transaction, least_purchases: Sequence[int]) -> list[CustomerCount]:
    """The customers that show, by band of purchases, activity and kind."""
    return [CustomerCount(**row) for row in tx.rows(CUSTOMERS, (list(least_purchases),))]


def revenue(tx: Transaction) -> list[CurrencyTotal]:
    """All sales of the company, by currency."""
    return [
        CurrencyTotal(row["purchases"], Amount(int(row["total_minor"]), row["currency"])) for row in tx.rows(REVENUE)
    ]


def revenue_between(tx: Transaction, sold_from: datetime, sold_before: datetime) -> list[CurrencyTotal]:
    """The sales of the company in an interval, by currency."""
    rows = tx.rows(REVENUE_BETWEEN, {"sold_from": sold_from, "sold_before": sold_before})
    return [CurrencyTotal(row["purchases"], Amount(int(row["total_minor"]), row["currency"])) for row in rows]


def buyers_between(tx: Transaction, sold_from: datetime, sold_before: datetime) -> tuple[int, int]:
    """How many customers that show bought in an interval, and how many of them twice or more."""
    row = tx.row(BUYERS_BETWEEN, {"sold_from": sold_from, "sold_before": sold_before})
    assert row is not None
    return row["buying"], row["repeat"]


def new_between(tx: Transaction, begin: datetime, end: datetime) -> int:
    """How many customers that show were created in an interval."""
    return int(tx.value(NEW_BETWEEN, {"sold_from": begin, "sold_before": end}))
