"""Writes and reads sales and their lines, and sums them over what is wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.money import Amount
from services.analytics.domain.sales import Refund, Sale, SaleLine, SaleStatus, Voiding
from services.runtime.database import Row, Transaction

COLUMNS = """
sale_id, origin_customer_id, total_minor, currency, payment_method, sold_at, status, created_at, voided_at, void_reason
""".strip()
READ = f"SELECT {COLUMNS} FROM sales WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%s)"
REFUNDS = """
SELECT sale_id, refund_id, amount_minor, quantity, reason, refunded_at FROM refunds
WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%s) ORDER BY sale_id, refunded_at, refund_id
"""
LINES = """
SELECT sale_id, product, quantity, amount_minor FROM sale_lines
WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%s) ORDER BY sale_id, line
"""
SALE_BYTES, LINE_BYTES, REFUND_BYTES = 3_000, 80, 2_300
WEIGHTS = f"""
SELECT sale_id, sum(bytes)::bigint FROM (
    SELECT sale_id, octet_length(product) + {LINE_BYTES} AS bytes FROM sale_lines
    WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%(ids)s)
    UNION ALL
    SELECT sale_id, {REFUND_BYTES} FROM refunds WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%(ids)s)
) parts GROUP BY sale_id
"""
CONDITIONS = """
company_id = (SELECT app_company())
AND sold_at >= coalesce(%(sold_from)s::timestamptz, '-infinity')
AND sold_at < coalesce(%(sold_before)s::timestamptz, 'infinity')
"""
# The names stand in the text, so that the planner sees which of its indexes hold them.
OF_STATUS = "AND status IN ({statuses})"
AFTER = "AND (sold_at, sale_id) < (%(after_time)s, %(after_id)s)"
NEWEST = "ORDER BY sold_at DESC, sale_id DESC LIMIT %(limit)s"
# Each member's newest sales by its own index, and the newest of those: a tree never reads more than it shows.
OF_TREE = """
SELECT {columns} FROM customers_mirror m
CROSS JOIN LATERAL (
    SELECT {columns} FROM sales s
    WHERE s.origin_customer_id = m.customer_id AND {conditions} {page}
) s
WHERE m.company_id = (SELECT app_company()) AND m.root_id = %(root_id)s::uuid
"""
SUMMED = "currency, net_minor, counts"
SUMS = """
SELECT currency, count(*) AS purchases, sum(net_minor) AS total_minor FROM ({sales}) s
WHERE counts GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sales are wanted: of a root or of all, from and before a time (None is no bound), of which statuses."""

    root_id: str | None
    sold_from: datetime | None
    sold_before: datetime | None
    statuses: tuple[SaleStatus, ...] = ()


def read(tx: Transaction, sale_id: str) -> Sale | None:
    """The sale with an id."""
    return read_many(tx, [sale_id]).get(sale_id)


def read_many(tx: Transaction, sale_ids: Sequence[str]) -> dict[str, Sale]:
    """The sales with these ids that there are, by id."""
    rows = tx.rows(READ, (list(sale_ids),)) if sale_ids else []
    return {sale.sale_id: sale for sale in with_parts(tx, rows)}


def newest(tx: Transaction, wanted: Wanted, after: tuple[datetime, str] | None, limit: int) -> list[Row]:
    """The rows of the newest of the sales that are wanted, after a time and an id; without their lines."""
    after_time, after_id = after or (None, None)
    parameters = {**_parameters(wanted), "limit": limit, "after_time": after_time, "after_id": after_id}
    sql = page_sql(wanted, further=after is not None)
    return tx.rows(sql, parameters)


def weights(tx: Transaction, rows: Sequence[Row]) -> dict[str, int]:
    """About how many bytes each of the sales takes in a message, and no fewer."""
    lines = dict(tx.execute(WEIGHTS, {"ids": [row["sale_id"] for row in rows]}).fetchall()) if rows else {}
    return {row["sale_id"]: SALE_BYTES + lines.get(row["sale_id"], 0) for row in rows}


def page_sql(wanted: Wanted, *, further: bool) -> str:
    """The statement for a page of sales, the first one or a further one."""
    page = f"{AFTER if further else ''} {NEWEST}"
    if wanted.root_id is None:
        return f"SELECT {COLUMNS} FROM sales WHERE {_conditions(wanted)} {page}"
    return f"{OF_TREE.format(columns=COLUMNS, conditions=_conditions(wanted), page=page)} {NEWEST}"


def sums(tx: Transaction, wanted: Wanted) -> list[CurrencyTotal]:
    """All sales that are wanted, by currency."""
    if wanted.root_id is None:
        sales = f"SELECT {SUMMED} FROM sales WHERE {_conditions(wanted)}"
    else:
        sales = OF_TREE.format(columns=SUMMED, conditions=_conditions(wanted), page="")
    return [
        CurrencyTotal(row["purchases"], Amount(int(row["total_minor"]), row["currency"]))
        for row in tx.rows(SUMS.format(sales=sales), _parameters(wanted))
    ]


def _conditions(wanted: Wanted) -> str:
    if not wanted.statuses:
        return CONDITIONS
    names = ", ".join(f"'{status.value}'" for status in sorted(wanted.statuses))
    return f"{CONDITIONS} {OF_STATUS.format(statuses=names)}"


def _parameters(wanted: Wanted) -> dict[str, Any]:
    return {
        "root_id": wanted.root_id,
        "sold_from": wanted.sold_from,
        "sold_before": wanted.sold_before,
    }


def with_parts(tx: Transaction, rows: Sequence[Row]) -> list[Sale]:
    """The sales of rows, with their lines and refunds."""
    currencies = {row["sale_id"]: row["currency"] for row in rows}
    lines: dict[str, list[SaleLine]] = {sale_id: [] for sale_id in currencies}
    for line in _parts(tx, LINES, currencies.keys()):
        amount = line["amount_minor"]
        priced = None if amount is None else Amount(amount, currencies[line["sale_id"]])
        lines[line["sale_id"]].append(SaleLine(line["product"], line["quantity"], priced))
    refunds: dict[str, list[Refund]] = {sale_id: [] for sale_id in currencies}
    taken_back = [row["sale_id"] for row in rows if row["status"] != SaleStatus.COMPLETED]
    for refund in _parts(tx, REFUNDS, taken_back):
        refunds[refund["sale_id"]].append(_refund(refund, currencies[refund["sale_id"]]))
    return [stored_sale(row, lines[row["sale_id"]], refunds[row["sale_id"]]) for row in rows]


def _parts(tx: Transaction, sql: str, sale_ids: Iterable[str]) -> list[Row]:
    asked = list(sale_ids)
    return tx.rows(sql, (asked,)) if asked else []


def _refund(row: Row, currency: str) -> Refund:
    return Refund(
        row["refund_id"], Amount(row["amount_minor"], currency), row["quantity"], row["reason"], row["refunded_at"]
    )


def stored_sale(row: Row, lines: Iterable[SaleLine], refunds: Iterable[Refund] = ()) -> Sale:
    """The sale of a row with these lines and refunds."""
    return Sale(
        sale_id=row["sale_id"],
        origin_customer_id=str(row["origin_customer_id"]),
        total=Amount(row["total_minor"], row["currency"]),
        lines=tuple(lines),
        payment_method=row["payment_method"],
        sale_time=row["sold_at"],
        status=SaleStatus(row["status"]),
        create_time=row["created_at"],
        refunds=tuple(refunds),
        voiding=Voiding(row["voided_at"], row["void_reason"]) if row["voided_at"] else None,
    )
