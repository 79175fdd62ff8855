"""Reads on which days customers bought."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from services.analytics.domain.figures import CustomerFigures, Rhythm
from services.analytics.domain.money import Amount
from services.runtime.database import Transaction

# Root by root, so that each reads its own sales by their index however many are asked for.
RHYTHM = """
SELECT asked.root_id, of_root.*
FROM unnest(%(roots)s::uuid[]) AS asked (root_id)
CROSS JOIN LATERAL (
    WITH days AS (
        SELECT s.currency, (s.sold_at AT TIME ZONE %(zone)s)::date AS day, sum(s.net_minor) AS minor
        FROM customers_mirror m
        CROSS JOIN LATERAL (
            SELECT currency, sold_at, net_minor FROM sales
            WHERE company_id = (SELECT app_company()) AND origin_customer_id = m.customer_id AND counts
                  AND sold_at < %(as_of)s
        ) s
        WHERE m.company_id = (SELECT app_company()) AND m.root_id = asked.root_id
        GROUP BY 1, 2
    ), span AS (
        SELECT min(day) AS first, max(day) AS last, count(DISTINCT day) AS days FROM days
    )
    SELECT p.days - 1 AS repeat_days, p.last - p.first AS recency_days,
           (%(as_of)s::timestamptz AT TIME ZONE %(zone)s)::date - p.first AS age_days,
           d.currency, coalesce(sum(d.minor) FILTER (WHERE d.day > p.first), 0) AS minor
    FROM days d CROSS JOIN span p
    GROUP BY 1, 2, 3, 4
) of_root
ORDER BY 1, currency
"""
# From each day straight to the next one with a sale: as many steps as days, however many sales. A day's midnight may be
# ambiguous, so the search begins before it and looks at the day itself. Everything must be before the time asked for.
BY_DAYS = """
WITH RECURSIVE root AS MATERIALIZED (
    SELECT first_sold_at, last_sold_at, (first_sold_at AT TIME ZONE %(zone)s)::date AS first,
           (last_sold_at AT TIME ZONE %(zone)s)::date AS last
    FROM root_figures WHERE company_id = (SELECT app_company()) AND root_id = %(root)s::uuid
), members AS MATERIALIZED (
    SELECT customer_id FROM customers_mirror WHERE company_id = (SELECT app_company()) AND root_id = %(root)s::uuid
), days AS (
    SELECT first_sold_at AS sold_at FROM root
    UNION ALL
    SELECT (
        SELECT min(s.sold_at) FROM members m
        CROSS JOIN LATERAL (
            SELECT sold_at FROM sales
            WHERE company_id = (SELECT app_company()) AND origin_customer_id = m.customer_id AND counts
                  AND sold_at > days.sold_at
                  AND sold_at >= ((days.sold_at AT TIME ZONE %(zone)s)::date + 1)::timestamp AT TIME ZONE %(zone)s
                                 - interval '3 hours'
                  AND (sold_at AT TIME ZONE %(zone)s)::date > (days.sold_at AT TIME ZONE %(zone)s)::date
            ORDER BY sold_at LIMIT 1
        ) s)
    FROM days WHERE days.sold_at IS NOT NULL
), first_day AS (
    SELECT s.currency, sum(s.net_minor) AS minor
    FROM root CROSS JOIN members m
    CROSS JOIN LATERAL (
        SELECT currency, net_minor FROM sales
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = m.customer_id AND counts
              AND sold_at >= root.first_sold_at AND sold_at < root.first_sold_at + interval '30 hours'
              AND (sold_at AT TIME ZONE %(zone)s)::date = root.first
    ) s GROUP BY 1
)
SELECT (SELECT count(sold_at) FROM days) - 1 AS repeat_days, root.last - root.first AS recency_days,
       (%(as_of)s::timestamptz AT TIME ZONE %(zone)s)::date - root.first AS age_days,
       t.currency, t.total_minor - coalesce(d.minor, 0) AS minor
FROM root
JOIN root_totals t ON t.company_id = (SELECT app_company()) AND t.root_id = %(root)s::uuid
LEFT JOIN first_day d ON d.currency = t.currency
ORDER BY t.currency
"""
# A step costs about as much as reading five sales, and three years have 1,096 days.
MANY = 5_000


def of_roots(
    tx: Transaction, figures: Iterable[CustomerFigures], as_of: datetime, zone: str, many: int = MANY
) -> dict[str, Rhythm]:
    """The rhythm of each root that bought before a time, in days of a time zone.

    A root with many sales, all before the time, is read day by day; the others sale by sale.
    """
    bought = [one for one in figures if one.last_purchase_time is not None]
    by_days = {one.customer_id for one in bought if one.purchases >= many and _all_before(one, as_of)}
    others = [one.customer_id for one in bought if one.customer_id not in by_days]
    about = {"as_of": as_of, "zone": zone}
    rows = tx.rows(RHYTHM, {"roots": others, **about}) if others else []
    found = {str(root_id): _rhythm(list(of)) for root_id, of in groupby(rows, key=lambda row: row["root_id"])}
    for root_id in sorted(by_days):
        if of_days := tx.rows(BY_DAYS, {"root": root_id, **about}):
            found[root_id] = _rhythm(of_days)
    return found


def _all_before(figures: CustomerFigures, as_of: datetime) -> bool:
    return figures.last_purchase_time is not None and figures.last_purchase_time < as_of


def _rhythm(rows: Sequence[Mapping[str, Any]]) -> Rhythm:
    first = rows[0]
    totals = (Amount(int(row["minor"]), row["currency"]) for row in rows)
    return Rhythm(
        first["repeat_days"], first["recency_days"], first["age_days"], tuple(one for one in totals if one.minor)
    )
