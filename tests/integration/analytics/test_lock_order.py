"""Sales, settings, merges and whole batches that meet wait for one another and never in a circle."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from services.analytics.domain.mirror import CompanyChange
from services.analytics.domain.sales import NewSale
from services.analytics.operations.apply_changes import apply_changes
from services.analytics.operations.record_sales import record_sales
from services.runtime.database import Transaction
from services.runtime.ids import new_id
from tests.integration.analytics.shop import NOON, Shop, sale, until_someone_waits

ROUNDS = 12
IN_BATCH = 120


@pytest.mark.parametrize("park", [False, True])
def test_a_sale_that_waits_for_the_settings_holds_no_customer(shop: Shop, park: bool) -> None:
    """Else a batch of the feed with settings and customers would stand against it."""
    amina = shop.customer()
    with _open(shop) as tx, ThreadPoolExecutor(1) as pool:
        apply_changes(tx, shop.epoch, shop.generation, [CompanyChange(1, "KES", "Africa/Nairobi")])
        sold = pool.submit(shop.sell, sale(amina), park=park)
        until_someone_waits(shop)
        tx.execute("SELECT FROM customers_mirror WHERE customer_id = %s FOR UPDATE NOWAIT", (amina,))
        _commit(tx)
        assert sold.result().recorded
    assert shop.drift() == []


def test_settings_and_customers_of_one_batch_wait_for_a_sale_that_may_be_parked(shop: Shop) -> None:
    amina = shop.customer()
    with _open(shop) as tx, ThreadPoolExecutor(1) as pool:
        record_sales(tx, [sale(new_id())], NOON, park=True)
        told = pool.submit(shop.tell, CompanyChange(1, "KES", "Africa/Nairobi"), shop.change(amina))
        until_someone_waits(shop)
        record_sales(tx, [sale(amina)], NOON, park=True)
        _commit(tx)
        told.result()
    assert shop.metrics(amina).figures.purchases == 1
    assert shop.drift() == []


def test_batches_with_the_same_sales_in_other_orders_record_each_once_among_merges(shop: Shop) -> None:
    customers = [shop.customer() for _ in range(8)]
    waiting = [new_id() for _ in range(ROUNDS)]
    batches = [_batch(number, customers, waiting) for number in range(ROUNDS)]
    together = threading.Barrier(4)

    def send(seed: int) -> int:
        chance, recorded = random.Random(seed), 0
        together.wait()
        for batch in batches:
            outcomes = shop.sell_many(*chance.sample(batch, len(batch)), park=True)
            recorded += sum(outcome.recorded for outcome in outcomes)
        return recorded

    def follow() -> int:
        together.wait()
        for number, known in enumerate(waiting):
            shop.settings(("UTC", "Africa/Nairobi")[number % 2], number + 1)
            source, target = customers[number % 8], customers[(number + 1) % 8]
            if source not in shop.links and shop.links.get(target) != source:
                shop.merge(source, target)
                shop.undo(source, target)
            shop.tell(shop.change(known))
        return 0

    work: list[Callable[[], int]] = [follow, *(lambda seed=seed: send(seed) for seed in range(3))]
    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(lambda one: one(), work))
    assert shop.parked().total_size == 0
    assert sum(total.purchases for total in shop.summary().revenue) == ROUNDS * IN_BATCH
    assert shop.drift() == []


def _batch(number: int, customers: list[str], waiting: list[str]) -> list[NewSale]:
    buyers = [*customers, waiting[number]]
    return [sale(buyers[at % len(buyers)], f"s-{number}-{at}", days_ago=at) for at in range(IN_BATCH)]


@contextmanager
def _open(shop: Shop) -> Iterator[Transaction]:
    """A transaction that `_commit` ends early; what is left of it at the end is empty."""
    with shop.database.transaction(shop.scope) as tx:
        yield tx


def _commit(tx: Transaction) -> None:
    tx.connection.execute("COMMIT")
    tx.connection.execute("BEGIN")
