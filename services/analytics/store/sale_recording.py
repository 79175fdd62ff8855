"""Records a sale and adds it to every figure, in one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from services.analytics.domain.mirror import CAN_BUY
from services.analytics.domain.sales import NewSale, Sale
from services.analytics.store.sales import COLUMNS, stored_sale
from services.runtime.database import Transaction

SHARDS = 16

# Each part reads from the one before it, and so locks after it: the customer, the sale, the figures of the origin,
# of the root, of the company. The customer is held in its tree until the transaction ends; where a merge is being
# applied, the statement waits for it here and goes on with the root of after. A sale id that is taken ends the chain.
RECORD = f"""
WITH held AS (
    SELECT root_id FROM customers_mirror
    WHERE company_id = app_company() AND customer_id = %(origin)s::uuid AND state = ANY(%(can_buy)s)
    FOR SHARE
), sold AS (
    INSERT INTO sales (company_id, sale_id, origin_customer_id, total_minor, currency, items, payment_method,
                       sold_at, status, created_by)
    SELECT app_company(), %(sale_id)s, %(origin)s::uuid, %(total)s, %(currency)s, %(items)s, %(payment_method)s,
           %(sold_at)s, 'COMPLETED', %(created_by)s
    FROM held
    ON CONFLICT (company_id, sale_id) DO NOTHING
    RETURNING company_id, items, {COLUMNS}
), lines AS (
    INSERT INTO sale_lines (company_id, sale_id, line, product, quantity, amount_minor)
    SELECT sold.company_id, sold.sale_id, l.line, l.product, l.quantity, l.amount_minor
    FROM sold, unnest(%(products)s::text[], %(quantities)s::numeric[], %(amounts)s::bigint[])
               WITH ORDINALITY AS l (product, quantity, amount_minor, line)
), origin AS (
    INSERT INTO origin_figures AS o
        (company_id, customer_id, currency, purchases, total_minor, items, first_sold_at, last_sold_at)
    SELECT company_id, origin_customer_id, currency, 1, total_minor, items, sold_at, sold_at FROM sold
    ON CONFLICT (company_id, customer_id, currency) DO UPDATE SET
        purchases = o.purchases + 1, total_minor = o.total_minor + excluded.total_minor,
        items = o.items + excluded.items, first_sold_at = least(o.first_sold_at, excluded.first_sold_at),
        last_sold_at = greatest(o.last_sold_at, excluded.last_sold_at)
    RETURNING o.customer_id
), root AS (
    INSERT INTO root_figures AS r (company_id, root_id, purchases, items, first_sold_at, last_sold_at)
    SELECT sold.company_id, held.root_id, 1, sold.items, sold.sold_at, sold.sold_at FROM held, sold, origin
    ON CONFLICT (company_id, root_id) DO UPDATE SET
        purchases = r.purchases + 1, items = r.items + excluded.items,
        first_sold_at = least(r.first_sold_at, excluded.first_sold_at),
        last_sold_at = greatest(r.last_sold_at, excluded.last_sold_at)
    RETURNING r.root_id
), company AS (
    INSERT INTO company_totals AS t (company_id, currency, shard, purchases, total_minor)
    SELECT sold.company_id, sold.currency, %(shard)s, 1, sold.total_minor FROM sold, root
    ON CONFLICT (company_id, currency, shard) DO UPDATE SET
        purchases = t.purchases + 1, total_minor = t.total_minor + excluded.total_minor
)
SELECT {COLUMNS} FROM sold
"""


def record(tx: Transaction, asked: NewSale, sold_at: datetime) -> Sale | None:
    """The sale as stored; None where its id is taken, or where its customer is unknown or cannot buy."""
    row = tx.row(RECORD, {**_sale(asked, sold_at), **_lines(asked), "created_by": tx.scope.actor})
    return stored_sale(row, asked.lines) if row else None


def _sale(asked: NewSale, sold_at: datetime) -> Mapping[str, Any]:
    return {
        "sale_id": asked.sale_id,
        "origin": asked.customer_id,
        "can_buy": [state.value for state in CAN_BUY],
        "total": asked.total.minor,
        "currency": asked.total.currency,
        "items": asked.items,
        "payment_method": asked.payment_method,
        "sold_at": sold_at,
        "shard": crc32(asked.sale_id.encode()) % SHARDS,
    }


def _lines(asked: NewSale) -> Mapping[str, Any]:
    return {
        "products": [line.product for line in asked.lines],
        "quantities": [line.quantity for line in asked.lines],
        "amounts": [line.amount.minor if line.amount else None for line in asked.lines],
    }
