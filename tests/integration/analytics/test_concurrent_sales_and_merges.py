"""Sales that are recorded while trees change under them are counted once, under the right root."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from services.analytics.domain.sales import NewSale
from services.analytics.operations.apply_changes import apply_changes
from services.analytics.operations.record_sales import record_sale
from tests.integration.analytics.shop import NOON, Shop, sale, until_someone_waits

SELLERS = 4
SALES_EACH = 60
MERGES = 80
CUSTOMERS = 5


def test_what_is_kept_equals_a_recount_after_sales_merges_and_undos_at_once(shop: Shop) -> None:
    customers = [shop.customer() for _ in range(CUSTOMERS)]
    together = threading.Barrier(SELLERS + 1)

    def sell(seed: int) -> int:
        chance = random.Random(seed)
        together.wait()
        return sum(shop.sell(sale(chance.choice(customers), minor=seed)).recorded for _ in range(SALES_EACH))

    def merge_and_undo() -> int:
        chance = random.Random(99)
        together.wait()
        for _ in range(MERGES):
            _merge_or_undo(shop, customers, chance)
        return 0

    work: list[Callable[[], int]] = [merge_and_undo, *(lambda seed=seed: sell(seed) for seed in range(1, SELLERS + 1))]
    with ThreadPoolExecutor(len(work)) as pool:
        recorded = sum(pool.map(lambda one: one(), work))
    assert recorded == SELLERS * SALES_EACH
    assert shop.drift() == []
    assert sum(total.purchases for total in shop.summary().revenue) == recorded


def test_one_sale_sent_by_many_at_once_is_recorded_by_one(shop: Shop) -> None:
    asked: NewSale = sale(shop.customer(), "s-1")
    together = threading.Barrier(6)

    def send(_: int) -> bool:
        together.wait()
        return shop.sell(asked).recorded

    with ThreadPoolExecutor(6) as pool:
        recorded = list(pool.map(send, range(6)))
    assert sum(recorded) == 1
    assert shop.drift() == []


def test_a_sale_that_waits_for_a_merge_goes_to_the_new_root(shop: Shop) -> None:
    """The sale begins while the merge is applied and not committed: it must not see the root of before."""
    amina, brian = shop.customer(), shop.customer()
    with shop.database.transaction(shop.scope) as tx, ThreadPoolExecutor(1) as pool:
        apply_changes(tx, shop.epoch, shop.generation, [shop.change(amina, into=brian), shop.change(brian)])
        sold = pool.submit(shop.sell, sale(amina))
        until_someone_waits(shop)
        tx.connection.execute("COMMIT")
        assert sold.result().recorded
        tx.connection.execute("BEGIN")
    assert shop.metrics(brian).figures.purchases == 1
    assert shop.drift() == []


def test_a_merge_that_waits_for_a_sale_counts_it(shop: Shop) -> None:
    """The target's tree is sold to while a source comes in that is told without its target."""
    amina, brian, carol = shop.customer(), shop.customer(), shop.customer()
    shop.merge(amina, brian)
    shop.sell(sale(carol))
    with shop.database.transaction(shop.scope) as tx, ThreadPoolExecutor(1) as pool:
        record_sale(tx, sale(amina), NOON)
        merged = pool.submit(shop.tell, shop.change(carol, into=brian))
        until_someone_waits(shop)
        tx.connection.execute("COMMIT")
        merged.result()
        tx.connection.execute("BEGIN")
    assert shop.metrics(brian).figures.purchases == 2
    assert shop.drift() == []


def _merge_or_undo(shop: Shop, customers: list[str], chance: random.Random) -> None:
    if shop.links and chance.random() < 0.5:
        source = chance.choice(sorted(shop.links))
        shop.undo(source, shop.links[source])
        return
    roots = [one for one in customers if one not in shop.links]
    if len(roots) > 1:
        source, target = chance.sample(roots, 2)
        shop.merge(source, target)
