"""Records sales and adds them to every figure, in one statement for however many."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from services.analytics.domain.mirror import CAN_BUY
from services.analytics.domain.sales import NewSale, Sale
from services.analytics.store import months
from services.analytics.store.sales import COLUMNS, stored_sale
from services.runtime.database import Transaction

# A plan that single sales have brought about joins parts of one row each: for 2,500 sales that is seconds.
PLANNED = "SET LOCAL plan_cache_mode = force_custom_plan"
SHARDS = 16
QUARTER_SHARDS = 4

# Each part reads from the one before it, and so locks after it, in the order of ids: the settings, the customers, the
# sales, the figures of the origins, of the roots, of the company. A customer is held in its tree until the transaction
# ends; where a merge is being applied, the statement waits for it here and goes on with the root of after. A sale whose
# id is taken or parked ends its chain. `is_first`: the sale came before others of its root that were there.
RECORD = f"""
WITH zone AS (
    SELECT month_zone FROM company_settings WHERE company_id = (SELECT app_company()) FOR KEY SHARE
), asked AS (
    SELECT * FROM unnest(
        %(sale_ids)s::text[], %(origins)s::uuid[], %(totals)s::bigint[], %(currencies)s::text[], %(items)s::numeric[],
        %(payment_methods)s::text[], %(times)s::timestamptz[], %(writers)s::text[], %(shards)s::smallint[]
    ) WITH ORDINALITY AS a (sale_id, origin, total_minor, currency, items, payment_method, sold_at, created_by, shard,
                            number)
), held AS (
    SELECT customer_id, root_id FROM customers_mirror
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%(origins)s::uuid[]) AND state = ANY(%(can_buy)s)
          AND (SELECT true FROM zone)
    ORDER BY customer_id FOR SHARE
), sold AS (
    INSERT INTO sales (company_id, sale_id, origin_customer_id, total_minor, currency, items, payment_method,
                       sold_at, status, created_by)
    SELECT app_company(), a.sale_id, a.origin, a.total_minor, a.currency, a.items, a.payment_method,
           a.sold_at, 'COMPLETED', a.created_by
    FROM asked a JOIN held h ON h.customer_id = a.origin
    WHERE NOT EXISTS (SELECT FROM parked_sales p WHERE p.company_id = (SELECT app_company()) AND p.sale_id = a.sale_id)
    ORDER BY a.sale_id
    ON CONFLICT (company_id, sale_id) DO NOTHING
    RETURNING company_id, items, {COLUMNS}
), lines AS (
    INSERT INTO sale_lines (company_id, sale_id, line, product, quantity, amount_minor)
    SELECT sold.company_id, sold.sale_id, l.line, l.product, l.quantity, l.amount_minor
    FROM sold JOIN asked USING (sale_id)
    JOIN json_to_recordset(%(lines)s::json)
         AS l (number bigint, line integer, product text, quantity numeric, amount_minor bigint) USING (number)
), counted AS (
    SELECT sold.*, held.root_id, asked.shard, month_in(sold.sold_at, zone.month_zone) AS month, zone.month_zone
    FROM sold JOIN held ON held.customer_id = sold.origin_customer_id JOIN asked USING (sale_id) CROSS JOIN zone
), origin AS (
    INSERT INTO origin_figures AS o
        (company_id, customer_id, currency, purchases, total_minor, items, first_sold_at, last_sold_at)
    SELECT company_id, origin_customer_id, currency, count(*), sum(total_minor), sum(items), min(sold_at), max(sold_at)
    FROM counted GROUP BY 1, 2, 3 ORDER BY 2, 3
    ON CONFLICT (company_id, customer_id, currency) DO UPDATE SET
        purchases = o.purchases + excluded.purchases, total_minor = o.total_minor + excluded.total_minor,
        items = o.items + excluded.items, first_sold_at = least(o.first_sold_at, excluded.first_sold_at),
        last_sold_at = greatest(o.last_sold_at, excluded.last_sold_at)
    RETURNING o.customer_id
), origin_month AS (
    INSERT INTO origin_months AS o (company_id, customer_id, month, purchases)
    SELECT company_id, origin_customer_id, month, count(*)
    FROM counted CROSS JOIN (SELECT count(*) FROM origin) AS after_origins
    GROUP BY 1, 2, 3 ORDER BY 2, 3
    ON CONFLICT (company_id, customer_id, month) DO UPDATE SET purchases = o.purchases + excluded.purchases
    RETURNING o.customer_id
), root AS (
    INSERT INTO root_figures AS r (company_id, root_id, purchases, items, first_sold_at, last_sold_at)
    SELECT company_id, root_id, count(*), sum(items), min(sold_at), max(sold_at)
    FROM counted CROSS JOIN (SELECT count(*) FROM origin_month) AS after_origins
    GROUP BY 1, 2 ORDER BY 2
    ON CONFLICT (company_id, root_id) DO UPDATE SET
        purchases = r.purchases + excluded.purchases, items = r.items + excluded.items,
        first_sold_at = least(r.first_sold_at, excluded.first_sold_at),
        last_sold_at = greatest(r.last_sold_at, excluded.last_sold_at)
    RETURNING r.root_id, r.listed, r.purchases, r.first_sold_at
), root_total AS (
    INSERT INTO root_totals AS r (company_id, root_id, currency, listed, purchases, total_minor, last_sold_at)
    SELECT company_id, root_id, currency, root.listed, count(*), sum(total_minor), max(sold_at)
    FROM counted JOIN root USING (root_id)
    GROUP BY 1, 2, 3, 4 ORDER BY 2, 3
    ON CONFLICT (company_id, root_id, currency) DO UPDATE SET
        purchases = r.purchases + excluded.purchases, total_minor = r.total_minor + excluded.total_minor,
        last_sold_at = greatest(r.last_sold_at, excluded.last_sold_at)
    RETURNING r.root_id
), root_month AS (
    INSERT INTO root_months AS r (company_id, root_id, month, cohort, listed, purchases)
    SELECT company_id, root_id, month, month_in(root.first_sold_at, month_zone), root.listed, count(*)
    FROM counted JOIN root USING (root_id) CROSS JOIN (SELECT count(*) FROM root_total) AS after_totals
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 3
    ON CONFLICT (company_id, root_id, month) DO UPDATE SET purchases = r.purchases + excluded.purchases
    RETURNING r.root_id
), company AS (
    INSERT INTO company_totals AS t (company_id, currency, shard, purchases, total_minor)
    SELECT company_id, currency, shard, count(*), sum(total_minor)
    FROM counted CROSS JOIN (SELECT count(*) FROM root_month) AS after_roots
    GROUP BY 1, 2, 3 ORDER BY 2, 3
    ON CONFLICT (company_id, currency, shard) DO UPDATE SET
        purchases = t.purchases + excluded.purchases, total_minor = t.total_minor + excluded.total_minor
    RETURNING t.shard
), company_quarter AS (
    INSERT INTO company_quarters AS q (company_id, currency, quarter, shard, purchases, total_minor)
    SELECT company_id, currency, quarter_of(sold_at), shard %% {QUARTER_SHARDS}, count(*), sum(total_minor)
    FROM counted CROSS JOIN (SELECT count(*) FROM company) AS after_totals
    GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4
    ON CONFLICT (company_id, currency, quarter, shard) DO UPDATE SET
        purchases = q.purchases + excluded.purchases, total_minor = q.total_minor + excluded.total_minor
)
SELECT {COLUMNS}, root_id,
       sold_at = root.first_sold_at AND root.purchases > count(*) OVER (PARTITION BY root_id) AS is_first
FROM counted JOIN root USING (root_id)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A sale to record, with its time settled and who it comes from."""

    sale: NewSale
    created_by: str


def record(tx: Transaction, entries: Sequence[Entry]) -> dict[str, Sale]:
    """The sales that were stored now, by id, of which no two may be alike.

    The others have an id that is taken or parked, or a customer that is unknown or cannot buy. Each sale has a time.
    """
    if not entries:
        return {}
    lines = {entry.sale.sale_id: entry.sale.lines for entry in entries}
    if len(entries) > 1:
        tx.execute(PLANNED)
    rows = tx.rows(RECORD, {**_sales(entries), **_lines(entries), "can_buy": [state.value for state in CAN_BUY]})
    months.set_cohorts(tx, sorted({str(row["root_id"]) for row in rows if row["is_first"]}))
    return {row["sale_id"]: stored_sale(row, lines[row["sale_id"]]) for row in rows}


def shard_of(sale_id: str) -> int:
    """The shard of the company's totals that a sale is counted in."""
    return crc32(sale_id.encode()) % SHARDS


def _sales(entries: Sequence[Entry]) -> Mapping[str, Any]:
    sales = [entry.sale for entry in entries]
    return {
        "sale_ids": [sale.sale_id for sale in sales],
        "origins": [sale.customer_id for sale in sales],
        "totals": [sale.total.minor for sale in sales],
        "currencies": [sale.total.currency for sale in sales],
        "items": [sale.items for sale in sales],
        "payment_methods": [sale.payment_method for sale in sales],
        "times": [sale.sale_time for sale in sales],
        "writers": [entry.created_by for entry in entries],
        "shards": [shard_of(sale.sale_id) for sale in sales],
    }


def _lines(entries: Sequence[Entry]) -> Mapping[str, Any]:
    """As one text: an array's is written character by character, and a name of 255 quotes takes its time."""
    lines = [
        {
            "number": number,
            "line": at,
            "product": line.product,
            "quantity": str(line.quantity),
            "amount_minor": line.amount.minor if line.amount else None,
        }
        for number, entry in enumerate(entries, start=1)
        for at, line in enumerate(entry.sale.lines, start=1)
    ]
    return {"lines": json.dumps(lines, ensure_ascii=False)}
