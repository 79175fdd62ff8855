"""Counts every kept figure of a company again from its sales and lists those that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.runtime.database import Transaction

ORIGINS = """
SELECT 'origin' AS kind, coalesce(k.customer_id, c.customer_id) || ' ' || coalesce(k.currency, c.currency) AS what,
       row(k.purchases, k.total_minor, k.items, k.first_sold_at, k.last_sold_at)::text AS kept,
       row(c.purchases, c.total_minor, c.items, c.first_sold_at, c.last_sold_at)::text AS counted
FROM (SELECT * FROM origin_figures WHERE company_id = app_company() {of_members}) k
FULL JOIN (
    SELECT origin_customer_id AS customer_id, currency, count(*) AS purchases,
           sum(net_minor) AS total_minor, sum(net_items) AS items,
           min(sold_at) AS first_sold_at, max(sold_at) AS last_sold_at
    FROM sales WHERE company_id = app_company() AND counts {of_sales} GROUP BY 1, 2
) c ON c.customer_id = k.customer_id AND c.currency = k.currency
WHERE (k.purchases, k.total_minor, k.items, k.first_sold_at, k.last_sold_at)
      IS DISTINCT FROM (c.purchases, c.total_minor, c.items, c.first_sold_at, c.last_sold_at)
"""
ROOTS = """
SELECT 'root' AS kind, coalesce(k.root_id, c.root_id)::text AS what,
       row(k.purchases, k.items, k.first_sold_at, k.last_sold_at)::text AS kept,
       row(c.purchases, c.items, c.first_sold_at, c.last_sold_at)::text AS counted
FROM (SELECT * FROM root_figures WHERE company_id = app_company() AND purchases <> 0 {of_root}) k
FULL JOIN (
    SELECT m.root_id, count(*) AS purchases, sum(s.net_items) AS items,
           min(s.sold_at) AS first_sold_at, max(s.sold_at) AS last_sold_at
    FROM sales s
    JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = s.origin_customer_id
    WHERE s.company_id = app_company() AND s.counts {of_sales} GROUP BY 1
) c ON c.root_id = k.root_id
WHERE (k.purchases, k.items, k.first_sold_at, k.last_sold_at)
      IS DISTINCT FROM (c.purchases, c.items, c.first_sold_at, c.last_sold_at)
"""
LISTED = """
SELECT 'listed' AS kind, m.customer_id::text AS what,
       row(f.listed, f.active, f.organization)::text AS kept,
       row(m.root_id = m.customer_id AND m.state IN ('ACTIVE', 'INACTIVE'), m.state = 'ACTIVE',
           m.party_type = 'ORGANIZATION')::text AS counted
FROM (SELECT * FROM customers_mirror WHERE company_id = app_company() {of_members}) m
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
TOTALS = """
SELECT 'total' AS kind, coalesce(k.root_id, c.root_id) || ' ' || coalesce(k.currency, c.currency) AS what,
       row(k.listed, k.purchases, k.total_minor, k.last_sold_at)::text AS kept,
       row(c.listed, c.purchases, c.total_minor, c.last_sold_at)::text AS counted
FROM (SELECT * FROM root_totals WHERE company_id = app_company() {of_root}) k
FULL JOIN (
    SELECT m.root_id, s.currency, f.listed, count(*) AS purchases, sum(s.net_minor) AS total_minor,
           max(s.sold_at) AS last_sold_at
    FROM sales s
    JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = s.origin_customer_id
    JOIN root_figures f ON f.company_id = app_company() AND f.root_id = m.root_id
    WHERE s.company_id = app_company() AND s.counts {of_sales} GROUP BY 1, 2, 3
) c ON c.root_id = k.root_id AND c.currency = k.currency
WHERE (k.listed, k.purchases, k.total_minor, k.last_sold_at)
      IS DISTINCT FROM (c.listed, c.purchases, c.total_minor, c.last_sold_at)
"""
MONTHS = """
SELECT 'month' AS kind, coalesce(k.root_id, c.root_id) || ' ' || coalesce(k.month, c.month) AS what,
       row(k.cohort, k.listed, k.purchases)::text AS kept, row(c.cohort, c.listed, c.purchases)::text AS counted
FROM (SELECT * FROM root_months WHERE company_id = app_company() {of_root}) k
FULL JOIN (
    SELECT m.root_id, month_in(s.sold_at, z.month_zone) AS month, f.listed, count(*) AS purchases,
           min(min(month_in(s.sold_at, z.month_zone))) OVER (PARTITION BY m.root_id) AS cohort
    FROM sales s
    JOIN company_settings z ON z.company_id = app_company()
    JOIN customers_mirror m ON m.company_id = app_company() AND m.customer_id = s.origin_customer_id
    JOIN root_figures f ON f.company_id = app_company() AND f.root_id = m.root_id
    WHERE s.company_id = app_company() AND s.counts {of_sales} GROUP BY 1, 2, 3
) c ON c.root_id = k.root_id AND c.month = k.month
WHERE (k.cohort, k.listed, k.purchases) IS DISTINCT FROM (c.cohort, c.listed, c.purchases)
"""
QUARTERS = """
SELECT 'quarter' AS kind, coalesce(k.currency, c.currency) || ' ' || coalesce(k.quarter, c.quarter) AS what,
       row(k.purchases, k.total_minor)::text AS kept, row(c.purchases, c.total_minor)::text AS counted
FROM (
    SELECT currency, quarter, sum(purchases) AS purchases, sum(total_minor) AS total_minor
    FROM company_quarters WHERE company_id = app_company() GROUP BY 1, 2 HAVING sum(purchases) <> 0
) k
FULL JOIN (
    SELECT currency, quarter_of(sold_at) AS quarter, count(*) AS purchases, sum(net_minor) AS total_minor
    FROM sales WHERE company_id = app_company() AND counts GROUP BY 1, 2
) c ON c.currency = k.currency AND c.quarter = k.quarter
WHERE (k.purchases, k.total_minor) IS DISTINCT FROM (c.purchases, c.total_minor)
"""
OF_CUSTOMERS = (ORIGINS, ROOTS, LISTED, TOTALS, MONTHS)
OF_COMPANY = (COMPANY, QUARTERS)
EVERYONE = {"of_members": "", "of_sales": "", "of_root": ""}
ONE_TREE = {
    "of_members": "AND customer_id = ANY(%(members)s::uuid[])",
    "of_sales": "AND origin_customer_id = ANY(%(members)s::uuid[])",
    "of_root": "AND root_id = %(root_id)s::uuid",
}
MEMBERS = "SELECT customer_id FROM customers_mirror WHERE company_id = app_company() AND root_id = %s::uuid"


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure that is kept otherwise than it counts."""

    kind: str
    what: str
    kept: str
    counted: str


def drift(tx: Transaction, root_id: str | None = None) -> list[Drift]:
    """Every figure of a root, or of the whole company, that differs from a recount; empty when all is well."""
    if root_id is None:
        return _of_all(tx, (*OF_CUSTOMERS, *OF_COMPANY), EVERYONE, {})
    members = [row["customer_id"] for row in tx.rows(MEMBERS, (root_id,))]
    return _of_all(tx, OF_CUSTOMERS, ONE_TREE, {"members": members, "root_id": root_id})


def _of_all(
    tx: Transaction, questions: Sequence[str], of_whom: Mapping[str, str], parameters: Mapping[str, Any]
) -> list[Drift]:
    return [_drift(row) for sql in questions for row in tx.rows(sql.format(**of_whom), parameters)]


def _drift(row: Mapping[str, Any]) -> Drift:
    return Drift(row["kind"], row["what"], row["kept"] or "", row["counted"] or "")
