"""Refunds and voids take sales back from every figure, once, and merges move what is left."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from services.analytics.domain.failures import RefundExceedsSale, SaleNotFound, SaleParked
from services.analytics.domain.money import Amount
from services.analytics.domain.sales import SaleLine, SaleStatus
from services.runtime.database import Database
from services.runtime.ids import new_id
from tests.integration.analytics.shop import NOON, Shop, kes, sale

LINES = (SaleLine("flour", Decimal("2.5"), Amount(700, "KES")), SaleLine("bag", Decimal(1), None))


def test_what_is_left_of_a_sale_counts_at_the_time_of_the_sale(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "s-1", minor=1000, lines=LINES, days_ago=3))
    refunded = shop.refund("s-1", minor=400, items="1.5", reason="too coarse")
    assert (refunded.now, refunded.sale.status) == (True, SaleStatus.PARTIALLY_REFUNDED)
    assert refunded.sale.refunded == Amount(400, "KES")
    figures = shop.metrics(amina).figures
    assert (figures.purchases, figures.totals, figures.items) == (1, (kes(1, 600),), Decimal(2))
    assert figures.last_purchase_time == NOON - timedelta(days=3)
    assert shop.sales(amina).sums == (kes(1, 600),)
    assert shop.summary().revenue == (kes(1, 600),)
    assert shop.drift() == []


def test_a_sale_that_is_refunded_in_whole_counts_no_more(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "s-1", days_ago=9))
    shop.sell(sale(amina, "s-2", minor=500, lines=LINES))
    shop.refund("s-2")
    figures = shop.metrics(amina).figures
    assert (figures.purchases, figures.totals, figures.items) == (1, (kes(1, 1000),), Decimal(0))
    assert (figures.first_purchase_time, figures.last_purchase_time) == (NOON - timedelta(days=9),) * 2
    shop.refund("s-1", minor=1000)
    assert shop.metrics(amina).figures.purchases == 0
    assert shop.metrics(amina).days_since_last_purchase is None
    assert shop.summary().revenue == ()
    assert shop.drift() == []


def test_refunds_add_up_to_the_sale_and_no_further(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "s-1", minor=1000))
    shop.refund("s-1", "r-1", minor=600)
    with pytest.raises(RefundExceedsSale):
        shop.refund("s-1", "r-2", minor=401)
    assert not shop.refund("s-1", "r-1", minor=600).now
    last = shop.refund("s-1", "r-3")
    assert [(one.refund_id, one.amount.minor) for one in last.sale.refunds] == [("r-1", 600), ("r-3", 400)]
    assert last.sale.status is SaleStatus.REFUNDED
    assert shop.drift() == []


def test_a_void_sale_never_counted_whatever_was_refunded_of_it(shop: Shop) -> None:
    amina = shop.customer()
    for number, back in enumerate([None, 300, 1000]):
        shop.sell(sale(amina, f"s-{number}", minor=1000))
        if back:
            shop.refund(f"s-{number}", minor=back)
        voided = shop.void(f"s-{number}", "typed twice")
        assert voided.status is SaleStatus.VOIDED
        assert voided.voiding is not None
        assert voided.voiding.reason == "typed twice"
        assert shop.void(f"s-{number}", "another reason") == voided
        assert shop.metrics(amina).figures.purchases == 0
        assert shop.drift() == []


def test_what_was_taken_back_follows_a_merge_and_its_undo(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer("Brian")
    shop.sell(sale(amina, "s-1"))
    shop.sell(sale(brian, "s-2", minor=70))
    shop.merge(amina, brian)
    shop.refund("s-1", minor=400)
    assert shop.metrics(brian).figures.totals == (kes(2, 670),)
    shop.void("s-2")
    shop.undo(amina, brian)
    assert shop.metrics(amina).figures.totals == (kes(1, 600),)
    assert shop.metrics(brian).figures.purchases == 0
    assert shop.drift() == []


def test_a_list_of_one_status_has_those_sales_and_their_sums(shop: Shop) -> None:
    amina = shop.customer()
    for number in range(4):
        shop.sell(sale(amina, f"s-{number}", days_ago=number))
    shop.refund("s-1", minor=100)
    shop.refund("s-2")
    shop.void("s-3")

    def listed(*statuses: SaleStatus) -> list[str]:
        of_all, of_one = (shop.sales(customer, statuses=statuses) for customer in ("", amina))
        assert of_all.sales == of_one.sales
        assert list(of_all.sums) == list(of_one.sums)
        return [one.sale_id for one in of_all.sales]

    assert listed(SaleStatus.REFUNDED, SaleStatus.VOIDED) == ["s-2", "s-3"]
    assert listed(SaleStatus.COMPLETED) == ["s-0"]
    assert listed() == ["s-0", "s-1", "s-2", "s-3"]
    assert list(shop.sales(statuses=(SaleStatus.PARTIALLY_REFUNDED,)).sums) == [kes(1, 900)]
    assert list(shop.sales(statuses=(SaleStatus.VOIDED,)).sums) == []


def test_nothing_is_taken_back_of_a_sale_that_is_not_there(shop: Shop, database: Database) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "s-1"))
    shop.sell(sale(new_id(), "s-2"), park=True)
    with pytest.raises(SaleNotFound):
        Shop(database, "another company").refund("s-1")
    with pytest.raises(SaleNotFound):
        shop.void("s-3")
    for take_back in (shop.refund, shop.void):
        with pytest.raises(SaleParked):
            take_back("s-2")


def test_refunds_sales_and_merges_at_once_leave_every_figure_right(shop: Shop) -> None:
    customers = [shop.customer() for _ in range(3)]
    for number in range(24):
        shop.sell(sale(customers[number % 3], f"s-{number}", minor=100 + number, days_ago=number))

    def take_back(number: int) -> None:
        shop.void(f"s-{number}") if number % 4 == 0 else shop.refund(f"s-{number}", minor=None if number % 2 else 50)

    def sell_more(number: int) -> None:
        shop.sell(sale(customers[number % 3], f"more-{number}", days_ago=-1 if number % 5 == 0 else number))

    def merge_and_undo() -> None:
        for _ in range(4):
            shop.merge(customers[0], customers[1])
            shop.undo(customers[0], customers[1])

    with ThreadPoolExecutor(8) as threads:
        work = [threads.submit(take_back, number) for number in range(24)]
        work += [threads.submit(sell_more, number) for number in range(24)]
        work.append(threads.submit(merge_and_undo))
        for one in work:
            one.result()
    assert shop.drift() == []
    assert shop.summary().revenue[0].purchases == 24 + 24 - 6 - 12
