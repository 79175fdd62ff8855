"""Reads the figures of roots: of one, and of those who came back, most purchases first."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from services.analytics.domain.figures import CurrencyTotal, CustomerFigures
from services.analytics.domain.money import Amount
from services.runtime.database import Transaction

# One statement, so that the sums and their parts are of one moment.
FIGURES = """
WITH page AS ({page})
SELECT page.root_id, r.name, page.purchases, page.items, page.first_sold_at, page.last_sold_at,
       t.currency, t.purchases AS currency_purchases, t.total_minor
FROM page
JOIN customers_mirror r ON r.company_id = app_company() AND r.customer_id = page.root_id
LEFT JOIN LATERAL (
    SELECT o.currency, sum(o.purchases)::bigint AS purchases, sum(o.total_minor) AS total_minor
    FROM customers_mirror m
    JOIN origin_figures o ON o.company_id = app_company() AND o.customer_id = m.customer_id
    WHERE m.company_id = app_company() AND m.root_id = page.root_id
    GROUP BY o.currency
) t ON true
ORDER BY page.purchases DESC, page.root_id DESC, t.currency
"""
COLUMNS = "f.root_id, f.purchases, f.items, f.first_sold_at, f.last_sold_at"
ROOT_OF = f"""
    SELECT {COLUMNS} FROM customers_mirror m
    JOIN root_figures f ON f.company_id = app_company() AND f.root_id = m.root_id
    WHERE m.company_id = app_company() AND m.customer_id = %(customer_id)s::uuid AND f.listed
"""
MOST_PURCHASES = f"""
    SELECT {COLUMNS} FROM root_figures f
    WHERE f.company_id = app_company() AND f.listed AND f.purchases >= %(least)s {{after}}
    ORDER BY f.purchases DESC, f.root_id DESC LIMIT %(limit)s
"""
AFTER = "AND (f.purchases, f.root_id) < (%(purchases)s, %(root_id)s::uuid)"
LISTED_ROOT = f"SELECT root_id FROM ({ROOT_OF}) f"
COUNT = "SELECT count(*) FROM root_figures WHERE company_id = app_company() AND listed AND purchases >= %s"


def of_customer(tx: Transaction, customer_id: str) -> CustomerFigures | None:
    """The figures of the root of a customer; None where there is none that shows."""
    rows = tx.rows(FIGURES.format(page=ROOT_OF), {"customer_id": customer_id})
    return next(iter(_figures(rows)), None)


def listed_root(tx: Transaction, customer_id: str) -> str | None:
    """The root of a customer; None where there is none that shows."""
    found = tx.value(LISTED_ROOT, {"customer_id": customer_id})
    return str(found) if found else None


def most_purchases(tx: Transaction, least: int, after: tuple[int, str] | None, limit: int) -> list[CustomerFigures]:
    """Customers with so many purchases or more, after a number of purchases and a root."""
    page = MOST_PURCHASES.format(after=AFTER if after else "")
    purchases, root_id = after or (0, "")
    parameters = {"least": least, "limit": limit, "purchases": purchases, "root_id": root_id}
    return _figures(tx.rows(FIGURES.format(page=page), parameters))


def count(tx: Transaction, least: int) -> int:
    """How many customers have so many purchases or more."""
    return int(tx.value(COUNT, (least,)))


def _figures(rows: Iterable[Mapping[str, Any]]) -> list[CustomerFigures]:
    return [_one(list(group)) for _, group in groupby(rows, key=lambda row: row["root_id"])]


def _one(rows: list[Mapping[str, Any]]) -> CustomerFigures:
    first = rows[0]
    return CustomerFigures(
        customer_id=str(first["root_id"]),
        name=first["name"],
        purchases=first["purchases"],
        items=first["items"],
        first_purchase_time=first["first_sold_at"],
        last_purchase_time=first["last_sold_at"],
        totals=tuple(_total(row) for row in rows if row["currency"] is not None),
    )


def _total(row: Mapping[str, Any]) -> CurrencyTotal:
    return CurrencyTotal(row["currency_purchases"], Amount(int(row["total_minor"]), row["currency"]))
