"""Reads on which days customers bought."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from services.analytics.domain.figures import Rhythm
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
            WHERE company_id = app_company() AND origin_customer_id = m.customer_id AND counts AND sold_at < %(as_of)s
        ) s
        WHERE m.company_id = app_company() AND m.root_id = asked.root_id
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


def of_roots(tx: Transaction, root_ids: Sequence[str], as_of: datetime, zone: str) -> dict[str, Rhythm]:
    """The rhythm of each root that bought before a time, in days of a time zone."""
    rows = tx.rows(RHYTHM, {"roots": list(root_ids), "as_of": as_of, "zone": zone})
    return {str(root_id): _rhythm(list(of)) for root_id, of in groupby(rows, key=lambda row: row["root_id"])}


def _rhythm(rows: Sequence[Mapping[str, Any]]) -> Rhythm:
    first = rows[0]
    totals = (Amount(int(row["minor"]), row["currency"]) for row in rows)
    return Rhythm(
        first["repeat_days"], first["recency_days"], first["age_days"], tuple(one for one in totals if one.minor)
    )
