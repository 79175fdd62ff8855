"""A company that PostgreSQL has not looked at yet takes nobody longer: statements read what they are about.

The planner knows the tables from companies that were there before, and none of its samples has the new one.
"""

from collections.abc import Callable
from functools import partial

import psycopg
import pytest

from services.analytics.domain.mirror import CustomerChange, CustomerState, EngagementChange
from services.analytics.domain.money import Amount
from services.analytics.domain.sales import ExternalReference
from services.analytics.operations.apply_changes import apply_changes
from services.analytics.operations.record_sales import record_sales
from services.runtime.database import Database, Transaction
from services.runtime.ids import new_id
from tests.fixtures.databases import ServiceDatabase
from tests.fixtures.rows_read import rows_read
from tests.integration.analytics.shop import NOON, Shop, sale

KNOWN, CUSTOMERS, A_PART, TIMES = 30, 2_000, 500, 6
Part = Callable[[Shop, list[str], Transaction], object]


@pytest.fixture(scope="module")
def shop(kept: ServiceDatabase, kept_database: Database) -> tuple[Shop, list[str]]:
    """A company of which nobody has told the planner, in a database that it knows from another one."""
    new = Shop(kept_database, "new")
    for number in range(KNOWN):
        filled(Shop(kept_database, f"known-{number}"), 100)
    with psycopg.connect(kept.admin_url, autocommit=True) as admin:
        admin.execute("ANALYZE")
    return new, filled(new, CUSTOMERS)


def filled(shop: Shop, customers: int) -> list[str]:
    """Customers of a shop, each with a sale, an id of another system, a tag and an engagement."""
    ids = [new_id() for _ in range(customers)]
    for start in range(0, customers, A_PART):
        part = ids[start : start + A_PART]
        shop.tell(*[change(shop, one) for one in part], *[engagement(one) for one in part])
        shop.sell_many(*[sale(one) for one in part])
    return ids


def change(shop: Shop, customer_id: str, *, state: CustomerState = CustomerState.ACTIVE) -> CustomerChange:
    return shop.change(customer_id, state=state, external_ids=(ExternalReference("till", customer_id),))


def engagement(customer_id: str, revision: int = 1) -> EngagementChange:
    return EngagementChange(new_id(), revision, customer_id, "JOB", "DONE", Amount(100, "KES"), None, NOON, False)


def test_what_is_done_with_some_customers_reads_what_they_have_however_many_there_are(
    shop: tuple[Shop, list[str]],
) -> None:
    new, ids = shop
    for name, part in PARTS.items():
        for time in range(TIMES):
            some = ids[20 * time : 20 * time + 10]
            with new.database.transaction(new.scope) as tx:
                found = rows_read(tx, partial(part, new, some))
            assert 10 < found <= 500, (name, time)


def told(shop: Shop, ids: list[str], tx: Transaction) -> None:
    apply_changes(tx, shop.epoch, shop.generation, [change(shop, one) for one in ids])


def gone(shop: Shop, ids: list[str], tx: Transaction) -> None:
    apply_changes(tx, shop.epoch, shop.generation, [change(shop, one, state=CustomerState.DELETED) for one in ids])


def merged(shop: Shop, ids: list[str], tx: Transaction) -> None:
    shop.links.update(zip(ids[::2], ids[1::2], strict=True))
    apply_changes(tx, shop.epoch, shop.generation, [change(shop, one) for one in ids])


def undone(shop: Shop, ids: list[str], tx: Transaction) -> None:
    for one in ids:
        shop.links.pop(one, None)
    apply_changes(tx, shop.epoch, shop.generation, [change(shop, one) for one in ids])


def sold(shop: Shop, ids: list[str], tx: Transaction) -> None:
    record_sales(tx, [sale(one) for one in ids], NOON, park=False)


PARTS = {"told": told, "gone": gone, "told again": told, "merged": merged, "sold": sold, "undone": undone}
