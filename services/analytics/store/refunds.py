"""Takes sales back from every figure they are counted in: in part, in whole, or as void."""

from datetime import datetime

from services.analytics.domain.sales import Refund, Sale, SaleStatus
from services.analytics.store import figures, months
from services.analytics.store.sale_recording import QUARTER_SHARDS, shard_of
from services.runtime.database import Transaction

# The customer first, as where a sale is recorded; then the sale, which says whether there is anything to take back.
HOLD = """
WITH zone AS (
    SELECT FROM company_settings WHERE company_id = (SELECT app_company()) FOR KEY SHARE
)
SELECT m.root_id FROM zone, sales s
JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = s.origin_customer_id
WHERE s.company_id = (SELECT app_company()) AND s.sale_id = %s
FOR SHARE OF m
"""
LOCK = "SELECT FROM sales WHERE company_id = (SELECT app_company()) AND sale_id = %s FOR UPDATE"
ADD_REFUND = """
INSERT INTO refunds (company_id, sale_id, refund_id, amount_minor, quantity, reason, refunded_at, created_by)
VALUES (app_company(), %(sale_id)s, %(refund_id)s, %(amount)s, %(quantity)s, %(reason)s, %(time)s, %(actor)s)
"""
SET_REFUNDED = """
UPDATE sales SET status = %(status)s, refunded_minor = refunded_minor + %(amount)s,
    refunded_items = refunded_items + %(quantity)s
WHERE company_id = (SELECT app_company()) AND sale_id = %(sale_id)s
"""
SET_VOID = """
UPDATE sales SET status = 'VOIDED', voided_at = %(time)s, void_reason = %(reason)s
WHERE company_id = (SELECT app_company()) AND sale_id = %(sale_id)s
"""
# A statement of its own, so that the next one sees every sale that was added before the lock; later ones wait.
LOCK_ORIGIN = """
SELECT FROM origin_figures
WHERE company_id = (SELECT app_company()) AND customer_id = %(origin)s::uuid AND currency = %(currency)s FOR UPDATE
"""
# A customer whose only sale in the currency is gone has no figures in it, as if there never had been one.
UNCOUNT_ORIGIN = """
WITH gone AS (
    DELETE FROM origin_figures
    WHERE company_id = (SELECT app_company()) AND customer_id = %(origin)s::uuid AND currency = %(currency)s
          AND purchases = %(purchases)s
    RETURNING customer_id
)
UPDATE origin_figures o SET
    purchases = o.purchases - %(purchases)s, total_minor = o.total_minor - %(minor)s, items = o.items - %(items)s,
    first_sold_at = coalesce(s.first_sold_at, o.first_sold_at), last_sold_at = coalesce(s.last_sold_at, o.last_sold_at)
FROM (
    SELECT
        (SELECT sold_at FROM sales WHERE company_id = (SELECT app_company()) AND origin_customer_id = %(origin)s::uuid
             AND currency = %(currency)s AND counts ORDER BY sold_at, sale_id LIMIT 1) AS first_sold_at,
        (SELECT sold_at FROM sales WHERE company_id = (SELECT app_company()) AND origin_customer_id = %(origin)s::uuid
             AND currency = %(currency)s AND counts ORDER BY sold_at DESC, sale_id DESC LIMIT 1) AS last_sold_at
) s
WHERE o.company_id = (SELECT app_company()) AND o.customer_id = %(origin)s::uuid AND o.currency = %(currency)s
      AND NOT EXISTS (SELECT FROM gone)
"""
UNCOUNT_COMPANY = """
UPDATE company_totals SET purchases = purchases - %(purchases)s, total_minor = total_minor - %(minor)s
WHERE company_id = (SELECT app_company()) AND currency = %(currency)s AND shard = %(shard)s
"""
UNCOUNT_QUARTER = f"""
UPDATE company_quarters SET purchases = purchases - %(purchases)s, total_minor = total_minor - %(minor)s
WHERE company_id = (SELECT app_company()) AND currency = %(currency)s AND quarter = quarter_of(%(sold_at)s)
      AND shard = %(shard)s %% {QUARTER_SHARDS}
"""


def hold(tx: Transaction, sale_id: str) -> str | None:
    """Locks a sale and its customer's place in its tree; answers the root, None where there is no such sale."""
    root_id = tx.value(HOLD, (sale_id,))
    if root_id is None:
        return None
    tx.execute(LOCK, (sale_id,))
    return str(root_id)


def add_refund(tx: Transaction, sale: Sale, root_id: str, refund: Refund, status: SaleStatus) -> None:
    """Writes a refund of a held sale, and takes it from the figures."""
    given = {"sale_id": sale.sale_id, "amount": refund.amount.minor, "quantity": refund.quantity}
    about = {"refund_id": refund.refund_id, "reason": refund.reason, "time": refund.refund_time}
    tx.execute(ADD_REFUND, {**given, **about, "actor": tx.scope.actor})
    tx.execute(SET_REFUNDED, {**given, "status": status.value})
    whole = status is SaleStatus.REFUNDED
    _uncount(tx, sale, root_id, whole=whole, refund=refund)


def set_void(tx: Transaction, sale: Sale, root_id: str, time: datetime, reason: str) -> None:
    """Declares a held sale void, and takes what is left of it from the figures."""
    tx.execute(SET_VOID, {"sale_id": sale.sale_id, "time": time, "reason": reason})
    if sale.status is not SaleStatus.REFUNDED:
        _uncount(tx, sale, root_id, whole=True, refund=None)


def _uncount(tx: Transaction, sale: Sale, root_id: str, *, whole: bool, refund: Refund | None) -> None:
    left, items = sale.total.minor - sale.refunded.minor, sale.items_left
    if not whole and refund is not None:
        left, items = refund.amount.minor, refund.quantity
    taken = {"purchases": 1 if whole else 0, "minor": left, "items": items}
    about = {"origin": sale.origin_customer_id, "currency": sale.total.currency, "shard": shard_of(sale.sale_id)}
    tx.execute(LOCK_ORIGIN, about)
    tx.execute(UNCOUNT_ORIGIN, {**taken, **about})
    if whole:
        months.uncount(tx, sale.origin_customer_id, sale.sale_time)
    figures.show_roots(tx, [root_id])
    figures.recount_roots(tx, [root_id])
    tx.execute(UNCOUNT_COMPANY, {**taken, **about})
    tx.execute(UNCOUNT_QUARTER, {**taken, **about, "sold_at": sale.sale_time})
