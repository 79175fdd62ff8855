"""Fills the analytics database with one company of any size: its mirror and sales by SQL, its figures from the sales.

The figures are counted by statements of their own, as a recount would, and not by the service; `VerifyMetrics` of the
same benchmark says whether they are what the service would have kept.
"""

from __future__ import annotations

import psycopg

YEARS = 3
# A customer of low rank buys far more often than one of high rank, as in any shop.
_SKEW = 2.5
_MIRROR = """
INSERT INTO customers_mirror (company_id, customer_id, merged_into, root_id, name, state, party_type, epoch, revision,
                              generation, customer_type, source, stage, staged_at, joined_at)
SELECT %(company)s, id, NULL, id, 'Customer ' || n, 'ACTIVE',
       CASE WHEN n %% 20 = 0 THEN 'ORGANIZATION' ELSE 'PERSON' END, 'bench', 1, 1, 'REGULAR',
       (ARRAY['IMPORT', 'API', 'CHAT', 'MANUAL'])[1 + n %% 4],
       (ARRAY['PROSPECT', 'LEAD', 'CUSTOMER', 'CHURNED'])[1 + n %% 4], now() - (n %% 900) * interval '1 day',
       now() - (900 + n %% 300) * interval '1 day'
FROM (SELECT n, bench_id(n) AS id FROM generate_series(1, %(customers)s) n) c
"""
_SALES = """
INSERT INTO sales (company_id, sale_id, origin_customer_id, total_minor, currency, items, payment_method, sold_at,
                   status, created_by)
SELECT %(company)s, 's-' || n, bench_id(1 + floor(%(customers)s * power(random(), %(skew)s))::int),
       100 + floor(random() * 100000)::bigint, CASE WHEN n %% 50 = 0 THEN 'USD' ELSE 'KES' END, 1 + n %% 5, 'cash',
       now() - random() * %(years)s * interval '365 days', 'COMPLETED', 'bench'
FROM generate_series(1, %(sales)s) n
"""
_STAYS = """
INSERT INTO stage_stays (company_id, customer_id, entered_at, stage, left_at, next_stage, source, counted)
SELECT company_id, customer_id, joined_at, 'PROSPECT', CASE WHEN stage = 'PROSPECT' THEN 'infinity' ELSE staged_at END,
       CASE WHEN stage = 'PROSPECT' THEN '' ELSE stage END, source, true
FROM customers_mirror WHERE company_id = %(company)s
UNION ALL
SELECT company_id, customer_id, staged_at, stage, 'infinity', '', source, true
FROM customers_mirror WHERE company_id = %(company)s AND stage <> 'PROSPECT'
"""
_FIGURES = (
    """
    INSERT INTO company_settings (company_id, currency, time_zone, epoch, revision, month_zone)
    VALUES (%(company)s, 'KES', 'Africa/Nairobi', 'bench', 1, 'Africa/Nairobi')
    """,
    """
    INSERT INTO origin_figures
    SELECT company_id, origin_customer_id, currency, count(*), sum(total_minor), sum(items), min(sold_at), max(sold_at)
    FROM sales WHERE company_id = %(company)s GROUP BY 1, 2, 3
    """,
    """
    INSERT INTO root_figures
    SELECT %(company)s, m.customer_id, true, true, m.party_type = 'ORGANIZATION', coalesce(sum(o.purchases), 0),
           coalesce(sum(o.items), 0), min(o.first_sold_at), max(o.last_sold_at)
    FROM customers_mirror m LEFT JOIN origin_figures o USING (company_id, customer_id)
    WHERE m.company_id = %(company)s GROUP BY m.customer_id, m.party_type
    """,
    """
    INSERT INTO root_totals (company_id, root_id, currency, listed, purchases, total_minor, last_sold_at)
    SELECT company_id, customer_id, currency, true, purchases, total_minor, last_sold_at
    FROM origin_figures WHERE company_id = %(company)s
    """,
    """
    INSERT INTO origin_months SELECT company_id, origin_customer_id, month_in(sold_at, 'Africa/Nairobi'), count(*)
    FROM sales WHERE company_id = %(company)s GROUP BY 1, 2, 3
    """,
    """
    INSERT INTO root_months (company_id, root_id, month, cohort, listed, purchases)
    SELECT company_id, customer_id, month, min(month) OVER (PARTITION BY customer_id), true, purchases
    FROM origin_months WHERE company_id = %(company)s
    """,
    """
    INSERT INTO company_totals SELECT company_id, currency, 0, count(*), sum(total_minor)
    FROM sales WHERE company_id = %(company)s GROUP BY 1, 2
    """,
    """
    INSERT INTO company_quarters SELECT company_id, currency, quarter_of(sold_at), 0, count(*), sum(total_minor)
    FROM sales WHERE company_id = %(company)s GROUP BY 1, 2, 3
    """,
)
_TABLES = (
    "customers_mirror", "sales", "stage_stays", "company_settings", "origin_figures", "root_figures", "root_totals",
    "origin_months", "root_months", "company_totals", "company_quarters",
)  # fmt: skip
_ID = """
CREATE OR REPLACE FUNCTION pg_temp.bench_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
"""
_SECONDARY = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
"""


def customer_id(number: int) -> str:
    """The id of the customer with this number, from 1."""
    return f"00000000-0000-7000-8000-{number:012x}"


def fill(admin_url: str, company_id: str, customers: int, sales: int) -> None:
    """Writes so many customers and sales as those of a company that has none."""
    asked = {"company": company_id, "customers": customers, "sales": sales, "skew": _SKEW, "years": YEARS}
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SET maintenance_work_mem = '512MB'")
        admin.execute("SET work_mem = '256MB'")
        admin.execute("SET search_path = public, pg_temp")
        admin.execute(_ID.encode())
        indexes = admin.execute(_SECONDARY, (list(_TABLES),)).fetchall()
        for name, _ in indexes:
            admin.execute(f"DROP INDEX {name}".encode())
        for sql in (_MIRROR, _SALES, _STAYS, *_FIGURES):
            admin.execute(sql.replace("bench_id(", "pg_temp.bench_id(").encode(), asked)
        for _, definition in indexes:
            admin.execute(definition.encode())
        for table in _TABLES:
            admin.execute(f"VACUUM ANALYZE {table}".encode())
