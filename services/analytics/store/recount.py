"""Counts every kept figure of a company again from its sales and lists those that differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.runtime.database import Transaction

ORIGINS = """
SELECT 'origin' AS kind, coalesce(k.customer_id, c.customer_id) || ' ' || coalesce(k.currency, c.currency) AS what,
       row(k.purchases, k.total_minor, k.items, k.first_sold_at, k.last_sold_at)::text AS kept,
       row(c.purchases, c.total_minor, c.items, c.first_sold_at, c.last_sold_at)::text AS counted
FROM (SELECT * FROM origin_figures WHERE company_id = app_company()) k
FULL JOIN (
    SELECT origin_customer_id AS customer_id, currency, count(*) AS purchases,
           sum(net_minor) AS total_minor, sum(net_items) AS items,
           min(sold_at) AS first_sold_at, max(sold_at) AS last_sold_at
    FROM sales WHERE company_id = app_company() AND counts GROUP BY 1, 2
) c ON c.customer_id = k.customer_id AND c.currency = k.currency
WHERE (k.purchases, k.total_minor, k.items, k.first_sold_at, k.last_sold_at)
      IS DISTINCT FROM (c.purchases, c.total_minor, c.items, c.first_sold_at, c.last_sold_at)
"""
ROOTS = """
SELECT 'root' AS kind, coalesce(k.root_id, c.root_id)::text AS what,
       row(k.purchases, k.items, k.first_sold_at, k.last_sold_at)::text AS kept,
       row(c.purchases, c.items, c.first_sold_at, c.last_sold_at)::text AS counted
FROM (SELECT * FROM root_figures WHERE company_id = app_company() AND purchases <> 0) k
FULL JOIN (
    SELECT m.root_id, count(*) AS purchases, sum(s.net_items) AS items,
           min(s.sold_at) AS first_sold_at, max(s.sold_at) AS last_sold_at
    FROM sales s
    JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = s.origin_customer_id
    WHERE s.company_id = app_company() AND s.counts GROUP BY 1
) c ON c.root_id = k.root_id
WHERE (k.purchases, k.items, k.first_sold_at, k.last_sold_at)
      IS DISTINCT FROM (c.purchases, c.items, c.first_sold_at, c.last_sold_at)
"""
LISTED = """
SELECT 'listed' AS kind, m.customer_id::text AS what,
       row(f.listed, f.active, f.organization)::text AS kept,
       row(m.root_id = m.customer_id AND m.state IN ('ACTIVE', 'INACTIVE'), m.state = 'ACTIVE',
           m.party_type = 'ORGANIZATION')::text AS counted
FROM (SELECT * FROM customers_mirror WHERE company_id = app_company()) m
LEFT JOIN root_figures f ON f.company_id = m.company_id AND f.root_id = m.customer_id
WHERE (f.listed, f.active, f.organization) IS DISTINCT FROM
      (m.root_id = m.customer_id AND m.state IN ('ACTIVE', 'INACTIVE'), m.state = 'ACTIVE',
       m.party_type = 'ORGANIZATION')
"""
COMPANY = """
SELECT 'company' AS kind, coalesce(k.currency, c.currency) AS what,
       row(k.purchases, k.total_minor)::text AS kept, row(c.purchases, c.total_minor)::text AS counted
FROM (
    SELECT currency, sum(purchases) AS purchases, sum(total_minor) AS total_minor
    FROM company_totals WHERE company_id = app_company() GROUP BY 1 HAVING sum(purchases) <> 0
) k
FULL JOIN (
    SELECT currency, count(*) AS purchases, sum(net_minor) AS total_minor
    FROM sales WHERE company_id = app_company() AND counts GROUP BY 1
) c ON c.currency = k.currency
WHERE (k.purchases, k.total_minor) IS DISTINCT FROM (c.purchases, c.total_minor)
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure that is kept otherwise than it counts."""

    kind: str
    what: str
    kept: str
    counted: str


def drift(tx: Transaction) -> list[Drift]:
    """Every figure of the company that differs from a recount; empty when all is well."""
    return [_drift(row) for sql in (ORIGINS, ROOTS, LISTED, COMPANY) for row in tx.rows(sql)]


def _drift(row: Mapping[str, Any]) -> Drift:
    return Drift(**row)
