"""Keeps sales that wait for their customer, and finds those whose customer has become known."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.analytics.domain.mirror import CAN_BUY
from services.analytics.domain.money import Amount
from services.analytics.domain.quantities import plain
from services.analytics.domain.sales import ExternalReference, NewSale, SaleLine
from services.runtime.database import Transaction

# Who parks holds the lock shared, who makes customers known alone: so a sale is either seen by the follower, or
# sees the customer.
LOCK = "SELECT pg_advisory_xact_lock{shared}(hashtextextended('parked sales of ' || app_company(), 0))"
SALE_BYTES, LINE_BYTES = 2_000, 80
COLUMNS = "sale_id, customer_id, system, external_id, sale, parked_at, created_by"
INSERT = """
INSERT INTO parked_sales (company_id, sale_id, customer_id, system, external_id, sale, created_by)
SELECT app_company(), p.sale_id, p.customer_id, p.system, p.external_id, p.sale, %(created_by)s
FROM ROWS FROM (
    unnest(%(sale_ids)s::text[], %(customer_ids)s::uuid[], %(systems)s::text[], %(external_ids)s::text[]),
    jsonb_array_elements(%(sales)s::jsonb)
) AS p (sale_id, customer_id, system, external_id, sale)
ORDER BY p.sale_id
ON CONFLICT (company_id, sale_id) DO NOTHING
"""
READ = f"""
SELECT {COLUMNS}, EXISTS (
    SELECT FROM customers_mirror m
    WHERE m.company_id = (SELECT app_company()) AND m.customer_id = p.customer_id AND m.state = 'ERASED'
) AS customer_erased
FROM parked_sales p WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%s)
"""
# About how many bytes each takes in a message, and no fewer.
PAGE = f"""
SELECT sale_id, octet_length(sale::text) + {SALE_BYTES} + {LINE_BYTES} * jsonb_array_length(sale -> 'lines') AS bytes
FROM parked_sales WHERE company_id = (SELECT app_company()) AND sale_id > %s ORDER BY sale_id LIMIT %s
"""
COUNT = "SELECT count(*) FROM parked_sales WHERE company_id = (SELECT app_company())"
DELETE = "DELETE FROM parked_sales WHERE company_id = (SELECT app_company()) AND sale_id = ANY(%s) RETURNING sale_id"
READY = f"""
SELECT {COLUMNS}, false AS customer_erased, known_id FROM (
    SELECT p.sale_id AS parked_id, m.customer_id AS known_id
    FROM customers_mirror m
    JOIN parked_sales p ON p.company_id = (SELECT app_company()) AND p.customer_id = m.customer_id
    WHERE m.company_id = (SELECT app_company()) AND m.customer_id = ANY(%(ids)s::uuid[]) AND m.state = ANY(%(can_buy)s)
    UNION
    (SELECT DISTINCT ON (p.sale_id) p.sale_id, m.customer_id
    FROM mirror_external_ids e
    JOIN customers_mirror m ON m.company_id = (SELECT app_company()) AND m.customer_id = e.customer_id
    JOIN parked_sales p
      ON p.company_id = (SELECT app_company()) AND p.system = e.system AND p.external_id = e.external_id
    WHERE e.company_id = (SELECT app_company()) AND e.customer_id = ANY(%(ids)s::uuid[]) AND m.state = ANY(%(can_buy)s)
    ORDER BY p.sale_id, m.customer_id = m.root_id, m.customer_id)
) known JOIN parked_sales ON company_id = (SELECT app_company()) AND sale_id = known.parked_id
ORDER BY sale_id
"""


@dataclass(frozen=True, slots=True)
class Parked:
    """A sale that waits, since when, and who sent it; for a customer who was erased it waits in vain."""

    sale: NewSale
    park_time: datetime
    created_by: str
    customer_erased: bool


def hold_off_follower(tx: Transaction) -> None:
    """No customer becomes known until this transaction ends, in which sales may be parked."""
    tx.execute(LOCK.format(shared="_shared"))


def hold_off_parking(tx: Transaction) -> None:
    """No sale is parked until this transaction ends, in which customers may become known."""
    tx.execute(LOCK.format(shared=""))


def park(tx: Transaction, sales: Sequence[NewSale]) -> None:
    """Keeps the sales, each of which has a time, aside."""
    tx.execute(
        INSERT,
        {
            "created_by": tx.scope.actor,
            "sale_ids": [sale.sale_id for sale in sales],
            "customer_ids": [None if sale.external else sale.customer_id for sale in sales],
            "systems": [sale.external.system if sale.external else None for sale in sales],
            "external_ids": [sale.external.external_id if sale.external else None for sale in sales],
            "sales": json.dumps([_stored(sale) for sale in sales], ensure_ascii=False),
        },
    )


def read(tx: Transaction, sale_ids: Iterable[str]) -> dict[str, Parked]:
    """Those of the sales that wait, by id."""
    asked = list(sale_ids)
    return {row["sale_id"]: _parked(row) for row in tx.rows(READ, (asked,))} if asked else {}


def page(tx: Transaction, after: str, limit: int) -> list[tuple[str, int]]:
    """The ids of sales that wait, after one, each with about how many bytes it takes in a message."""
    return [(row["sale_id"], row["bytes"]) for row in tx.rows(PAGE, (after, limit))]


def count(tx: Transaction) -> int:
    """How many sales wait."""
    return int(tx.value(COUNT))


def take(tx: Transaction, sale_ids: Sequence[str]) -> bool:
    """Sales wait no more; whether any did."""
    return bool(tx.execute(DELETE, (list(sale_ids),)).fetchall())


def ready(tx: Transaction, customer_ids: Sequence[str]) -> list[tuple[str, Parked]]:
    """The sales that wait for one of the customers who can buy now, each with the id of that customer."""
    asked = {"ids": list(customer_ids), "can_buy": [state.value for state in CAN_BUY]}
    return [(str(row["known_id"]), _parked(row)) for row in tx.rows(READY, asked)]


def _stored(sale: NewSale) -> dict[str, Any]:
    lines = [[line.product, plain(line.quantity), line.amount.minor if line.amount else None] for line in sale.lines]
    assert sale.sale_time is not None
    return {
        "minor": sale.total.minor,
        "currency": sale.total.currency,
        "payment_method": sale.payment_method,
        "time": sale.sale_time.isoformat(),
        "lines": lines,
    }


def _parked(row: Mapping[str, Any]) -> Parked:
    kept = row["sale"]
    currency = kept["currency"]
    external = ExternalReference(row["system"], row["external_id"]) if row["system"] is not None else None
    sale = NewSale(
        sale_id=row["sale_id"],
        customer_id=str(row["customer_id"]) if row["customer_id"] else "",
        total=Amount(kept["minor"], currency),
        lines=tuple(_line(line, currency) for line in kept["lines"]),
        payment_method=kept["payment_method"],
        sale_time=datetime.fromisoformat(kept["time"]),
        external=external,
    )
    return Parked(sale, row["parked_at"], row["created_by"], row["customer_erased"])


def _line(kept: Sequence[Any], currency: str) -> SaleLine:
    product, quantity, minor = kept
    return SaleLine(product, Decimal(quantity), None if minor is None else Amount(minor, currency))
