"""Writes and reads sales and their lines, and sums them over a wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.money import Amount
from services.analytics.domain.sales import Sale, SaleLine, SaleStatus
from services.runtime.database import Row, Transaction

COLUMNS = "sale_id, origin_customer_id, total_minor, currency, payment_method, sold_at, status, created_at"
READ = f"SELECT {COLUMNS} FROM sales WHERE company_id = app_company() AND sale_id = %s"
LINES = """
SELECT sale_id, product, quantity, amount_minor FROM sale_lines
WHERE company_id = app_company() AND sale_id = ANY(%s) ORDER BY sale_id, line
"""
SALE_BYTES, LINE_BYTES = 1_500, 80
WEIGHTS = f"""
SELECT sale_id, sum(octet_length(product) + {LINE_BYTES})::bigint FROM sale_lines
WHERE company_id = app_company() AND sale_id = ANY(%s) GROUP BY sale_id
"""
CONDITIONS = """
company_id = app_company()
AND sold_at >= coalesce(%(sold_from)s::timestamptz, '-infinity')
AND sold_at < coalesce(%(sold_before)s::timestamptz, 'infinity')
"""
AFTER = "AND (sold_at, sale_id) < (%(after_time)s, %(after_id)s)"
NEWEST = "ORDER BY sold_at DESC, sale_id DESC LIMIT %(limit)s"
# Each member's newest sales by its own index, and the newest of those: a tree never reads more than it shows.
OF_TREE = """
SELECT {columns} FROM customers_mirror m
CROSS JOIN LATERAL (
    SELECT {columns} FROM sales s
    WHERE s.origin_customer_id = m.customer_id AND {conditions} {page}
) s
WHERE m.company_id = app_company() AND m.root_id = %(root_id)s::uuid
"""
SUMS = "SELECT currency, count(*) AS purchases, sum(total_minor) AS total_minor FROM ({sales}) s GROUP BY 1 ORDER BY 1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sales are wanted: of a root or of all, from and before a time; None is no bound."""

    root_id: str | None
    sold_from: datetime | None
    sold_before: datetime | None


def read(tx: Transaction, sale_id: str) -> Sale | None:
    """The sale with an id."""
    row = tx.row(READ, (sale_id,))
    return next(iter(with_lines(tx, [row]))) if row else None


def newest(tx: Transaction, wanted: Wanted, after: tuple[datetime, str] | None, limit: int) -> list[Row]:
    """The rows of the newest of the sales that are wanted, after a time and an id; without their lines."""
    after_time, after_id = after or (None, None)
    parameters = {**_parameters(wanted), "limit": limit, "after_time": after_time, "after_id": after_id}
    sql = page_sql(whole_company=wanted.root_id is None, further=after is not None)
    return tx.rows(sql, parameters)


def weights(tx: Transaction, rows: Sequence[Row]) -> dict[str, int]:
    """About how many bytes each of the sales takes in a message, and no fewer."""
    lines = dict(tx.execute(WEIGHTS, ([row["sale_id"] for row in rows],)).fetchall()) if rows else {}
    return {row["sale_id"]: SALE_BYTES + lines.get(row["sale_id"], 0) for row in rows}


def page_sql(*, whole_company: bool, further: bool) -> str:
    """The statement for a page of sales, the first one or a further one."""
    page = f"{AFTER if further else ''} {NEWEST}"
    if whole_company:
        return f"SELECT {COLUMNS} FROM sales WHERE {CONDITIONS} {page}"
    return f"{OF_TREE.format(columns=COLUMNS, conditions=CONDITIONS, page=page)} {NEWEST}"


def sums(tx: Transaction, wanted: Wanted) -> list[CurrencyTotal]:
    """All sales that are wanted, by currency."""
    if wanted.root_id is None:
        sales = f"SELECT currency, total_minor FROM sales WHERE {CONDITIONS}"
    else:
        sales = OF_TREE.format(columns="currency, total_minor", conditions=CONDITIONS, page="")
    return [
        CurrencyTotal(row["purchases"], Amount(int(row["total_minor"]), row["currency"]))
        for row in tx.rows(SUMS.format(sales=sales), _parameters(wanted))
    ]


def _parameters(wanted: Wanted) -> dict[str, Any]:
    return {
        "root_id": wanted.root_id,
        "sold_from": wanted.sold_from,
        "sold_before": wanted.sold_before,
    }


def with_lines(tx: Transaction, rows: Sequence[Row]) -> list[Sale]:
    """The sales of rows."""
    currencies = {row["sale_id"]: row["currency"] for row in rows}
    lines: dict[str, list[SaleLine]] = {sale_id: [] for sale_id in currencies}
    for line in _lines(tx, currencies.keys()):
        amount = line["amount_minor"]
        priced = None if amount is None else Amount(amount, currencies[line["sale_id"]])
        lines[line["sale_id"]].append(SaleLine(line["product"], line["quantity"], priced))
    return [stored_sale(row, lines[row["sale_id"]]) for row in rows]


def _lines(tx: Transaction, sale_ids: Iterable[str]) -> list[dict[str, Any]]:
    asked = list(sale_ids)
    return tx.rows(LINES, (asked,)) if asked else []


def stored_sale(row: Row, lines: Iterable[SaleLine]) -> Sale:
    """The sale of a row with these lines."""
    return Sale(
        sale_id=row["sale_id"],
        origin_customer_id=str(row["origin_customer_id"]),
        total=Amount(row["total_minor"], row["currency"]),
        lines=tuple(lines),
        payment_method=row["payment_method"],
        sale_time=row["sold_at"],
        status=SaleStatus(row["status"]),
        create_time=row["created_at"],
    )
