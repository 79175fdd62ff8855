"""Whatever sales, batches, parked sales, refunds, voids, merges and undos come, what is kept equals a plain recount."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.analytics.domain.failures import RefundConflict, RefundExceedsSale, SaleVoided
from services.analytics.domain.mirror import CustomerState
from services.analytics.domain.sale_outcomes import Result
from services.analytics.domain.sales import ExternalReference, NewSale, SaleLine
from services.runtime.database import Database
from services.runtime.ids import new_id
from tests.integration.analytics.shop import Shop, sale

CUSTOMERS = 6
BUYERS = st.integers(0, CUSTOMERS - 1)
SALE = st.tuples(st.just("sell"), BUYERS, st.integers(0, 10**9), st.sampled_from(["KES", "JPY"]), st.integers(0, 900))
MERGE = st.tuples(st.just("merge"), BUYERS, BUYERS)
UNDO = st.tuples(st.just("undo"), st.integers(0, 100))
DELETE = st.tuples(st.just("state"), BUYERS, st.sampled_from([CustomerState.ACTIVE, CustomerState.DELETED]))
REPEAT = st.tuples(st.just("sell again"), st.integers(0, 100))
LATE = st.tuples(st.just("told again"), st.integers(0, 100))
REFUND = st.tuples(st.just("refund"), st.integers(0, 100), st.integers(0, 3), st.integers(0, 10**9))
VOID = st.tuples(st.just("void"), st.integers(0, 100))
ZONE = st.tuples(st.just("zone"), st.sampled_from(["UTC", "Africa/Nairobi", "Pacific/Apia", "Asia/Kathmandu"]))
BATCH = st.tuples(st.just("batch"), st.lists(st.tuples(BUYERS, st.integers(0, 10**9)), min_size=2, max_size=5))
PARK = st.tuples(st.just("park"), BUYERS, st.integers(0, 10**9))
MEET = st.tuples(st.just("meet"), BUYERS)
STEPS = st.lists(
    st.one_of(
        BATCH, PARK, MEET, ZONE, SALE, SALE, MERGE, MERGE, UNDO, UNDO, REFUND, REFUND, VOID, DELETE, REPEAT, LATE
    ),
    max_size=25,
)


class Story:
    """Plays steps on a shop, and counts plainly beside it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.customers = [new_id() for _ in range(CUSTOMERS)]
        shop.tell(*map(shop.change, self.customers))
        self.sales: list[NewSale] = []
        self.refunds: dict[tuple[str, str], int] = {}
        self.voided: set[str] = set()
        self.settings = 0
        self.waiting: dict[int, list[NewSale]] = {}

    def play(self, step: tuple[object, ...]) -> None:
        getattr(self, str(step[0]).replace(" ", "_"))(*step[1:])

    def sell(self, buyer: int, minor: int, currency: str, days_ago: int) -> None:
        lines = (SaleLine("thing", Decimal(minor % 7) / 2, None),)
        self.sales.append(sale(self.customers[buyer], minor=minor, currency=currency, lines=lines, days_ago=days_ago))
        self.shop.sell(self.sales[-1])

    def batch(self, asked: list[tuple[int, int]]) -> None:
        sales = [sale(self.customers[buyer], minor=minor, days_ago=minor % 400) for buyer, minor in asked]
        assert all(outcome.recorded for outcome in self.shop.sell_many(*sales))
        self.sales.extend(sales)

    def park(self, buyer: int, minor: int) -> None:
        """Nobody is known by the ids of this till, until they are met there."""
        one = sale("", minor=minor, days_ago=minor % 400, external=ExternalReference("till", str(buyer)))
        assert self.shop.sell(one, park=True).result is Result.PARKED
        self.waiting.setdefault(buyer, []).append(one)

    def meet(self, buyer: int) -> None:
        """What waits is recorded, and the next change takes the id away again."""
        customer = self.customers[buyer]
        known = self.shop.change(customer, external_ids=(ExternalReference("till", str(buyer)),))
        self.shop.tell(known)
        self.shop.tell(self.shop.change(customer))
        self.sales.extend(replace(one, customer_id=customer, external=None) for one in self.waiting.pop(buyer, []))

    def sell_again(self, number: int) -> None:
        if self.sales:
            assert not self.shop.sell(self.sales[number % len(self.sales)]).recorded

    def refund(self, number: int, refund_id: int, minor: int) -> None:
        """Taken back once by its id; what is more than is left, or of a void sale, is refused."""
        if not self.sales:
            return
        one = self.sales[number % len(self.sales)]
        key, fits = (one.sale_id, f"r-{refund_id}"), 0 <= minor <= self.left(one)
        again, closed = self.refunds.get(key), one.sale_id in self.voided or self.is_refunded(one)
        try:
            refunded = self.shop.refund(*key, minor=minor, currency=one.total.currency)
        except (RefundConflict, RefundExceedsSale, SaleVoided):
            assert again not in (None, minor) or (again is None and (closed or not fits))
        else:
            assert refunded.now == (again is None)
            self.refunds[key] = minor

    def void(self, number: int) -> None:
        if self.sales:
            one = self.sales[number % len(self.sales)]
            self.shop.void(one.sale_id)
            self.voided.add(one.sale_id)

    def left(self, one: NewSale) -> int:
        return one.total.minor - sum(minor for (sale_id, _), minor in self.refunds.items() if sale_id == one.sale_id)

    def is_refunded(self, one: NewSale) -> bool:
        return self.left(one) == 0 and any(sale_id == one.sale_id for sale_id, _ in self.refunds)

    def zone(self, time_zone: str) -> None:
        self.settings += 1
        self.shop.settings(time_zone, self.settings)

    def merge(self, source: int, target: int) -> None:
        a, b = self.root(self.customers[source]), self.root(self.customers[target])
        if a != b:
            self.shop.merge(a, b)

    def undo(self, number: int) -> None:
        merged = sorted(self.shop.links)
        if merged:
            source = merged[number % len(merged)]
            self.shop.undo(source, self.shop.links[source])

    def state(self, buyer: int, state: CustomerState) -> None:
        self.shop.tell(self.shop.change(self.customers[buyer], state=state))

    def told_again(self, number: int) -> None:
        customer = self.customers[number % CUSTOMERS]
        self.shop.tell(self.shop.change(customer, name="of long ago", revision=1, into=new_id()))

    def root(self, customer_id: str) -> str:
        while customer_id in self.shop.links:
            customer_id = self.shop.links[customer_id]
        return customer_id

    def counted(self, root: str) -> dict[str, tuple[int, int]]:
        counted: dict[str, tuple[int, int]] = {}
        for one in self.sales:
            if self.root(one.customer_id) == root and one.sale_id not in self.voided and not self.is_refunded(one):
                purchases, minor = counted.get(one.total.currency, (0, 0))
                counted[one.total.currency] = purchases + 1, minor + self.left(one)
        return counted


@contextmanager
def fresh_company(database: Database) -> Iterator[Shop]:
    yield Shop(database, new_id())


@pytest.mark.timeout(600)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_what_is_kept_equals_a_recount(database: Database, steps: list[tuple[object, ...]]) -> None:
    with fresh_company(database) as shop:
        story = Story(shop)
        for step in steps:
            story.play(step)
        assert shop.drift() == []
        assert shop.parked().total_size == sum(map(len, story.waiting.values()))
        shop.tell(*map(shop.change, story.customers))  # all in sight again, under whatever root
        for customer in story.customers:
            figures = shop.metrics(customer).figures
            kept = {total.total.currency: (total.purchases, total.total.minor) for total in figures.totals}
            assert kept == story.counted(story.root(customer))
            assert figures.purchases == sum(purchases for purchases, _ in kept.values())
        assert shop.drift() == []
