"""The sales of an interval in as few rows as they can be summed from."""

# Whole quarters of an hour are summed already; what sticks out at either end is read from the sales themselves. A part
# has a currency, a time (that of the sale, or the begin of its quarter), how many purchases it holds and their sum.
PARTS_BETWEEN = """
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
"""
