"""Many sales at once: each has an outcome, one that is refused does not hold back the others."""

from decimal import Decimal

from services.analytics.domain.sale_outcomes import Result
from services.analytics.domain.sales import SaleLine
from services.runtime.ids import new_id
from tests.integration.analytics.shop import Shop, kes, sale

LINES = (SaleLine("flour", Decimal("2.5"), None),)


def test_each_sale_of_a_batch_has_the_outcome_it_would_have_alone(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.sell(sale(amina, "there"))
    outcomes = shop.sell_many(
        sale(brian, "new", lines=LINES),
        sale(amina, "there"),
        sale(amina, "there", minor=1),
        sale(new_id(), "nobody"),
        sale(amina, "twice"),
        sale(amina, "twice"),
        sale(brian, "twice"),
    )
    assert [one.result for one in outcomes] == [
        Result.RECORDED,
        Result.UNCHANGED,
        Result.CONFLICT,
        Result.UNKNOWN_CUSTOMER,
        Result.RECORDED,
        Result.UNCHANGED,
        Result.CONFLICT,
    ]
    assert outcomes[2].differs == ("total_amount",)
    assert shop.sales(brian).sales[0].lines == LINES
    assert shop.metrics(amina).figures.totals == (kes(2, 2000),)
    assert shop.drift() == []


def test_a_batch_is_counted_as_its_sales_one_by_one(shop: Shop) -> None:
    customers = [shop.customer() for _ in range(4)]
    shop.merge(customers[0], customers[1])
    sales = [
        sale(customers[n % 4], minor=n, currency=("KES", "JPY")[n % 2], days_ago=n, lines=LINES) for n in range(300)
    ]
    assert {one.result for one in shop.sell_many(*sales)} == {Result.RECORDED}
    assert shop.metrics(customers[1]).figures.purchases == 150
    assert shop.drift() == []


def test_a_batch_parks_whom_it_does_not_know(shop: Shop) -> None:
    amina, nobody = shop.customer(), new_id()
    outcomes = shop.sell_many(sale(amina, "s-1"), sale(nobody, "s-2"), sale(nobody, "s-2"), park=True)
    assert [one.result for one in outcomes] == [Result.RECORDED, Result.PARKED, Result.PARKED]
    shop.tell(shop.change(nobody))
    assert shop.metrics(nobody).figures.purchases == 1
    assert shop.drift() == []
