"""The months in which customers bought, kept in the company's time zone."""

from collections.abc import Sequence

from services.runtime.database import Transaction

SET_COHORTS = """
UPDATE root_months m SET cohort = month_in(f.first_sold_at, z.month_zone)
FROM root_figures f, company_settings z
WHERE z.company_id = app_company() AND f.company_id = app_company() AND f.root_id = ANY(%s::uuid[])
      AND m.company_id = app_company() AND m.root_id = f.root_id
      AND m.cohort <> month_in(f.first_sold_at, z.month_zone)
"""
FORGET_GONE = """
DELETE FROM root_months r
WHERE r.company_id = app_company() AND r.root_id = ANY(%(roots)s::uuid[]) AND NOT EXISTS (
    SELECT FROM customers_mirror m
    JOIN origin_months o ON o.company_id = app_company() AND o.customer_id = m.customer_id
    WHERE m.company_id = app_company() AND m.root_id = r.root_id AND o.month = r.month)
"""
OF_TREES = """
INSERT INTO root_months AS r (company_id, root_id, month, cohort, listed, purchases)
SELECT app_company(), m.root_id, o.month, min(min(o.month)) OVER (PARTITION BY m.root_id), f.listed, sum(o.purchases)
FROM customers_mirror m
JOIN origin_months o ON o.company_id = app_company() AND o.customer_id = m.customer_id
JOIN root_figures f ON f.company_id = app_company() AND f.root_id = m.root_id
WHERE m.company_id = app_company() {which}
GROUP BY m.root_id, o.month, f.listed
"""
RECOUNT = f"""
{OF_TREES.format(which="AND m.root_id = ANY(%(roots)s::uuid[])")}
ORDER BY m.root_id, o.month
ON CONFLICT (company_id, root_id, month) DO UPDATE SET
    cohort = excluded.cohort, listed = excluded.listed, purchases = excluded.purchases
WHERE (r.cohort, r.listed, r.purchases) IS DISTINCT FROM (excluded.cohort, excluded.listed, excluded.purchases)
"""
UNCOUNT = """
WITH gone AS (
    DELETE FROM origin_months WHERE company_id = app_company() AND customer_id = %(origin)s::uuid
        AND month = month_in(%(sold_at)s, (SELECT month_zone FROM company_settings WHERE company_id = app_company()))
        AND purchases = 1
    RETURNING customer_id
)
UPDATE origin_months SET purchases = purchases - 1
WHERE company_id = app_company() AND customer_id = %(origin)s::uuid AND NOT EXISTS (SELECT FROM gone)
    AND month = month_in(%(sold_at)s, (SELECT month_zone FROM company_settings WHERE company_id = app_company()))
"""
# Rarely done, and of every sale: 5,000,000 do not fit the time that other statements have.
MORE_TIME = "SELECT set_config('statement_timeout', '10min', true), set_config('work_mem', '64MB', true)"
USUAL_TIME = "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', %s, true)"
USUAL = "SELECT current_setting('statement_timeout') AS time, current_setting('work_mem') AS memory"
# What is kept by months where these begin at other times than before.
BEGIN_ANEW = (
    "DELETE FROM root_months WHERE company_id = app_company()",
    "DELETE FROM origin_months WHERE company_id = app_company()",
    """
    INSERT INTO origin_months (company_id, customer_id, month, purchases)
    SELECT s.company_id, s.origin_customer_id, month_in(s.sold_at, z.month_zone), count(*)
    FROM sales s JOIN company_settings z ON z.company_id = app_company()
    WHERE s.company_id = app_company() AND s.counts GROUP BY 1, 2, 3
    """,
    OF_TREES.format(which=""),
)


def set_cohorts(tx: Transaction, root_ids: Sequence[str]) -> None:
    """Puts roots whose first sale is another one than before into its month; call it when their figures are locked."""
    if root_ids:
        tx.execute(SET_COHORTS, (list(root_ids),))


def recount(tx: Transaction, root_ids: Sequence[str]) -> None:
    """Sums the months of trees again from their origins; call it when the roots' figures are locked."""
    if root_ids:
        roots = {"roots": list(root_ids)}
        tx.execute(FORGET_GONE, roots)
        tx.execute(RECOUNT, roots)


def uncount(tx: Transaction, origin_id: str, sold_at: object) -> None:
    """Takes a sale from its customer's month; call it when the customer's figures are locked, then recount its root."""
    tx.execute(UNCOUNT, {"origin": origin_id, "sold_at": sold_at})


def begin_anew(tx: Transaction) -> None:
    """Counts every month of the company again; call it when its settings are locked against sales."""
    usual = tx.execute(USUAL).fetchone()
    tx.execute(MORE_TIME)
    for sql in BEGIN_ANEW:
        tx.execute(sql)
    tx.execute(USUAL_TIME, usual or ())
