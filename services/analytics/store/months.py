"""The months in which customers bought, kept in the company's time zone."""

from collections.abc import Sequence

from services.runtime.database import Transaction

SET_COHORTS = """
UPDATE root_months m SET cohort = month_in(f.first_sold_at, z.month_zone)
FROM root_figures f, company_settings z
WHERE z.company_id = (SELECT app_company()) AND f.company_id = (SELECT app_company()) AND f.root_id = ANY(%s::uuid[])
      AND m.company_id = (SELECT app_company()) AND m.root_id = f.root_id
      AND m.cohort <> month_in(f.first_sold_at, z.month_zone)
"""
FORGET_GONE = """
DELETE FROM root_months r
WHERE r.company_id = (SELECT app_company()) AND r.root_id = ANY(%(roots)s::uuid[]) AND NOT EXISTS (
    SELECT FROM customers_mirror m
    JOIN origin_months o ON o.company_id = (SELECT app_company()) AND o.customer_id = m.customer_id
    WHERE m.company_id = (SELECT app_company()) AND m.root_id = r.root_id AND o.month = r.month)
"""
RECOUNT = """
INSERT INTO root_months AS r (company_id, root_id, month, cohort, listed, purchases)
SELECT app_company(), m.root_id, o.month, min(min(o.month)) OVER (PARTITION BY m.root_id), f.listed, sum(o.purchases)
FROM customers_mirror m
JOIN origin_months o ON o.company_id = (SELECT app_company()) AND o.customer_id = m.customer_id
JOIN root_figures f ON f.company_id = (SELECT app_company()) AND f.root_id = m.root_id
WHERE m.company_id = (SELECT app_company()) AND m.root_id = ANY(%(roots)s::uuid[])
GROUP BY m.root_id, o.month, f.listed
ORDER BY m.root_id, o.month
ON CONFLICT (company_id, root_id, month) DO UPDATE SET
    cohort = excluded.cohort, listed = excluded.listed, purchases = excluded.purchases
WHERE (r.cohort, r.listed, r.purchases) IS DISTINCT FROM (excluded.cohort, excluded.listed, excluded.purchases)
"""
UNCOUNT = """
WITH gone AS (
    DELETE FROM origin_months WHERE company_id = (SELECT app_company()) AND customer_id = %(origin)s::uuid
        AND month = month_in(
            %(sold_at)s, (SELECT month_zone FROM company_settings WHERE company_id = (SELECT app_company())))
        AND purchases = 1
    RETURNING customer_id
)
UPDATE origin_months SET purchases = purchases - 1
WHERE company_id = (SELECT app_company()) AND customer_id = %(origin)s::uuid AND NOT EXISTS (SELECT FROM gone)
    AND month = month_in(
        %(sold_at)s, (SELECT month_zone FROM company_settings WHERE company_id = (SELECT app_company())))
"""
# Rarely done, and of a whole company: very many sales do not fit the time that other statements have.
MORE_TIME = "SELECT set_config('statement_timeout', '10min', true), set_config('work_mem', '64MB', true)"
USUAL_TIME = "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', %s, true)"
USUAL = "SELECT current_setting('statement_timeout') AS time, current_setting('work_mem') AS memory"
# Which sales fall into another month than before, where months begin at other times: no clock is 16 hours or more from
# UTC, so only sales that are nearer to the begin of one of its months are read, from an index, some 4 of 100. They are
# taken from the months of before and added to those of now. Answers the months that this has emptied, of customers and
# of trees, and the trees whose first sale has moved.
MOVE_SALES = """
WITH zone AS MATERIALIZED (
    SELECT %(before)s::text AS before, month_zone AS now FROM company_settings WHERE company_id = (SELECT app_company())
), ends AS MATERIALIZED (
    SELECT min(sold_at) AT TIME ZONE 'UTC' AS first, max(sold_at) AT TIME ZONE 'UTC' AS last
    FROM sales WHERE company_id = (SELECT app_company())
), near AS MATERIALIZED (
    SELECT s.origin_customer_id AS customer_id, month_in(s.sold_at, zone.before) AS was,
           month_in(s.sold_at, zone.now) AS now
    FROM zone, ends, generate_series(date_trunc('month', first), last + interval '1 month', '1 month') AS m (begin),
         LATERAL (SELECT origin_customer_id, sold_at FROM sales
                  WHERE company_id = (SELECT app_company()) AND counts
                        AND sold_at > m.begin AT TIME ZONE 'UTC' - interval '16 hours'
                        AND sold_at < m.begin AT TIME ZONE 'UTC' + interval '16 hours' OFFSET 0) AS s
), moved AS MATERIALIZED (
    SELECT n.customer_id, c.month, sum(c.purchases) AS purchases
    FROM near n
    CROSS JOIN LATERAL (VALUES (n.was, -1), (n.now, 1)) AS c (month, purchases)
    WHERE n.was <> n.now
    GROUP BY 1, 2 HAVING sum(c.purchases) <> 0
), placed AS MATERIALIZED (
    SELECT moved.*, m.root_id, f.listed, f.first_sold_at
    FROM moved
    JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = moved.customer_id
    JOIN root_figures f ON f.company_id = (SELECT app_company()) AND f.root_id = m.root_id
), origin AS (
    INSERT INTO origin_months AS o (company_id, customer_id, month, purchases)
    SELECT app_company(), customer_id, month, purchases FROM moved ORDER BY customer_id, month
    ON CONFLICT (company_id, customer_id, month) DO UPDATE SET purchases = o.purchases + excluded.purchases
    RETURNING o.customer_id, o.month, o.purchases
), root AS (
    INSERT INTO root_months AS r (company_id, root_id, month, cohort, listed, purchases)
    SELECT app_company(), root_id, month, month_in(first_sold_at, zone.now), listed, sum(purchases)
    FROM placed, zone GROUP BY 2, 3, 4, 5 HAVING sum(purchases) <> 0 ORDER BY 2, 3
    ON CONFLICT (company_id, root_id, month) DO UPDATE SET purchases = r.purchases + excluded.purchases
    RETURNING r.root_id, r.month, r.purchases
)
SELECT 'origin' AS kind, customer_id::text AS id, month FROM origin WHERE purchases = 0
UNION ALL
SELECT 'root', root_id::text, month FROM root WHERE purchases = 0
UNION ALL
SELECT DISTINCT 'first', root_id::text, NULL::date
FROM placed, zone WHERE month_in(first_sold_at, zone.before) <> month_in(first_sold_at, zone.now)
"""
FORGET_EMPTY = """
DELETE FROM {kind}_months o USING unnest(%s::uuid[], %s::date[]) AS e (id, month)
WHERE o.company_id = (SELECT app_company()) AND o.{of} = e.id AND o.month = e.month
"""


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


def begin_in_another_zone(tx: Transaction, before: str) -> None:
    """Moves sales to the months that they fall into now; call it when the settings are locked against sales.

    Months began in the zone `before`, and begin in that of the settings.
    """
    usual = tx.execute(USUAL).fetchone()
    tx.execute(MORE_TIME)
    found = tx.rows(MOVE_SALES, {"before": before})
    for kind, of in (("origin", "customer_id"), ("root", "root_id")):
        emptied = [row for row in found if row["kind"] == kind]
        ids, begins = [row["id"] for row in emptied], [row["month"] for row in emptied]
        tx.execute(FORGET_EMPTY.format(kind=kind, of=of), (ids, begins))
    set_cohorts(tx, [row["id"] for row in found if row["kind"] == "first"])
    tx.execute(USUAL_TIME, usual or ())
