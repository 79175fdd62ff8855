"""Reads the figures of roots: of some, and of those who bought in several orders."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from services.analytics.domain.figures import CurrencyTotal, CustomerFigures
from services.analytics.domain.money import Amount
from services.runtime.database import Transaction

# One statement, so that the sums and their parts are of one moment.
FIGURES = """
WITH page AS ({page})
SELECT page.place, page.asked_id, page.root_id, r.name, r.customer_type, r.phone, r.email, r.joined_at,
       page.purchases, page.items, page.first_sold_at, page.last_sold_at,
       t.currency, t.purchases AS currency_purchases, t.total_minor
FROM page
JOIN customers_mirror r ON r.company_id = (SELECT app_company()) AND r.customer_id = page.root_id
LEFT JOIN root_totals t ON t.company_id = (SELECT app_company()) AND t.root_id = page.root_id
ORDER BY page.place, t.currency
"""
COLUMNS = "f.root_id, f.purchases, f.items, f.first_sold_at, f.last_sold_at"
ROOTS_OF = f"""
    SELECT asked.place, asked.customer_id::text AS asked_id, {COLUMNS}
    FROM unnest(%(customer_ids)s::uuid[]) WITH ORDINALITY AS asked (customer_id, place)
    JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = asked.customer_id
    JOIN root_figures f ON f.company_id = (SELECT app_company()) AND f.root_id = m.root_id AND f.listed
"""
BY_ID = f"""
    SELECT row_number() OVER (ORDER BY f.root_id) AS place, f.root_id::text AS asked_id, {COLUMNS}
    FROM root_figures f
    WHERE f.company_id = (SELECT app_company()) AND f.listed {{after}}
    ORDER BY f.root_id LIMIT %(limit)s
"""
AFTER_ID = "AND f.root_id > %(root_id)s::uuid"
MOST_PURCHASES = f"""
    SELECT row_number() OVER (ORDER BY f.purchases DESC, f.root_id DESC) AS place, f.root_id::text AS asked_id,
           {COLUMNS}
    FROM root_figures f
    WHERE f.company_id = (SELECT app_company()) AND f.listed AND f.purchases >= %(least)s {{after}}
    ORDER BY f.purchases DESC, f.root_id DESC LIMIT %(limit)s
"""
AFTER_PURCHASES = "AND (f.purchases, f.root_id) < (%(value)s::bigint, %(root_id)s::uuid)"
LATEST = f"""
    SELECT row_number() OVER (ORDER BY f.last_sold_at DESC, f.root_id DESC) AS place, f.root_id::text AS asked_id,
           {COLUMNS}
    FROM root_figures f
    WHERE f.company_id = (SELECT app_company()) AND f.listed AND f.last_sold_at IS NOT NULL {{after}}
    ORDER BY f.last_sold_at DESC, f.root_id DESC LIMIT %(limit)s
"""
AFTER_TIME = "AND (f.last_sold_at, f.root_id) < (%(value)s::timestamptz, %(root_id)s::uuid)"
MOST_SPENT = f"""
    SELECT row_number() OVER (ORDER BY s.spent DESC, s.root_id DESC) AS place, s.root_id::text AS asked_id, {COLUMNS}
    FROM (
        SELECT s.root_id, s.spent FROM root_totals s
        WHERE s.company_id = (SELECT app_company()) AND s.listed AND s.currency = %(currency)s {{after}}
        ORDER BY s.spent DESC, s.root_id DESC LIMIT %(limit)s
    ) s
    JOIN root_figures f ON f.company_id = (SELECT app_company()) AND f.root_id = s.root_id
"""
AFTER_SPENT = "AND (s.spent, s.root_id) < (%(value)s::bigint, %(root_id)s::uuid)"
LISTED_ROOT = """
SELECT f.root_id FROM customers_mirror m
JOIN root_figures f ON f.company_id = (SELECT app_company()) AND f.root_id = m.root_id
WHERE m.company_id = (SELECT app_company()) AND m.customer_id = %(customer_id)s::uuid AND f.listed
"""
COUNT = "SELECT count(*) FROM root_figures WHERE company_id = (SELECT app_company()) AND listed AND purchases >= %s"
LARGEST = 2**63 - 1

Position = tuple[Any, str]


def of_customer(tx: Transaction, customer_id: str) -> CustomerFigures | None:
    """The figures of the root of a customer; None where there is none that shows."""
    return of_customers(tx, [customer_id]).get(customer_id)


def of_customers(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, CustomerFigures]:
    """The figures of the roots of customers, by the id that was asked for; those that do not show are left out."""
    rows = tx.rows(FIGURES.format(page=ROOTS_OF), {"customer_ids": list(customer_ids)})
    return dict(_figures(rows))


def listed_root(tx: Transaction, customer_id: str) -> str | None:
    """The root of a customer; None where there is none that shows."""
    found = tx.value(LISTED_ROOT, {"customer_id": customer_id})
    return str(found) if found else None


def most_purchases(tx: Transaction, least: int, after: Position | None, limit: int) -> list[CustomerFigures]:
    """Customers with so many purchases or more, after a number of purchases and a root."""
    return _page(tx, MOST_PURCHASES, AFTER_PURCHASES, after, {"least": least, "limit": limit})


def latest(tx: Transaction, after: Position | None, limit: int) -> list[CustomerFigures]:
    """Customers who bought, those who did last first, after a time and a root."""
    return _page(tx, LATEST, AFTER_TIME, after, {"limit": limit})


def most_spent(tx: Transaction, currency: str, after: Position | None, limit: int) -> list[CustomerFigures]:
    """Customers who bought in a currency, those who spent most first, after a number of minor units and a root."""
    return _page(tx, MOST_SPENT, AFTER_SPENT, after, {"currency": currency, "limit": limit})


def by_id(tx: Transaction, after: str | None, limit: int) -> list[CustomerFigures]:
    """Every customer that shows, whether or not it bought, by id after one."""
    return _page(tx, BY_ID, AFTER_ID, None if after is None else (None, after), {"limit": limit})


def spent(figures: CustomerFigures, currency: str) -> int:
    """What a customer spent in a currency, as lists are ordered by it."""
    totals = (total.total.minor for total in figures.totals if total.total.currency == currency)
    return min(next(totals, 0), LARGEST)


def count(tx: Transaction, least: int) -> int:
    """How many customers have so many purchases or more."""
    return int(tx.value(COUNT, (least,)))


def _page(
    tx: Transaction, page: str, further: str, after: Position | None, parameters: Mapping[str, Any]
) -> list[CustomerFigures]:
    value, root_id = after or (None, None)
    sql = FIGURES.format(page=page.format(after=further if after else ""))
    return [one for _, one in _figures(tx.rows(sql, {**parameters, "value": value, "root_id": root_id}))]


def _figures(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, CustomerFigures]]:
    groups = (list(group) for _, group in groupby(rows, key=lambda row: row["place"]))
    return [(group[0]["asked_id"], _one(group)) for group in groups]


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
        customer_type=first["customer_type"],
        phone=first["phone"],
        email=first["email"],
        create_time=first["joined_at"],
    )


def _total(row: Mapping[str, Any]) -> CurrencyTotal:
    return CurrencyTotal(row["currency_purchases"], Amount(int(row["total_minor"]), row["currency"]))
