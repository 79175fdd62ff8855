"""Where a company's months begin at other times than before, just the sales that this moves are counted elsewhere."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.analytics.domain.sales import NewSale
from tests.integration.analytics.shop import Shop, sale

# From one end of the world to the other, with a half and a quarter of an hour, a summer time that ends about a month's
# begin, and clocks of before the zones: 15:13 ahead of UTC and 15:56 behind it.
ZONES = (
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Asia/Amman",
    "Pacific/Apia",
    "America/Metlakatla",
    "Asia/Manila",
    "no/such zone",
    "UTC",
)
MONTH_BEGINS = [datetime(year, month, 1, tzinfo=UTC) for year in (2011, 2024) for month in range(1, 13)]
OF_LONG_AGO = [datetime(1900, 2, 1, tzinfo=UTC), datetime(1901, 1, 1, tzinfo=UTC)]


def sale_at(customer_id: str, time: datetime) -> NewSale:
    return replace(sale(customer_id), sale_time=time)


def months(shop: Shop) -> list[tuple[Any, ...]]:
    """The months of customers and of trees, and the transaction that wrote each."""
    origins = "SELECT 'origin', customer_id::text, month, purchases, 0, xmin::text FROM origin_months"
    roots = "SELECT 'root', root_id::text, month, purchases, cohort - month, xmin::text FROM root_months"
    sql = f"{origins} UNION ALL {roots} ORDER BY 1, 2, 3"
    return shop.ask(lambda tx: tx.execute(sql).fetchall())


@pytest.fixture
def shop_of_month_ends(shop: Shop) -> Shop:
    """A company with sales within a day of the begins of months, some to merged customers, some taken back."""
    chance = random.Random(11)
    customers = [shop.customer() for _ in range(20)]
    for source, target in [(0, 1), (1, 2), (5, 6)]:
        shop.merge(customers[source], customers[target])
    times = [
        begin + timedelta(minutes=chance.randrange(-24 * 60, 24 * 60)) for begin in MONTH_BEGINS * 4 + OF_LONG_AGO * 8
    ]
    sales = [sale_at(chance.choice(customers), time) for time in times]
    shop.sell_many(*sales)
    for one in sales[::9]:
        shop.void(one.sale_id)
    return shop


def test_what_is_kept_by_months_equals_a_recount_after_every_change_of_the_zone(shop_of_month_ends: Shop) -> None:
    for revision, zone in enumerate(ZONES, start=1):
        shop_of_month_ends.settings(zone, revision)
        assert shop_of_month_ends.drift() == [], zone


def test_a_zone_that_comes_back_brings_every_month_back(shop_of_month_ends: Shop) -> None:
    before = [row[:-1] for row in months(shop_of_month_ends)]
    shop_of_month_ends.settings("Pacific/Kiritimati", 1)
    assert [row[:-1] for row in months(shop_of_month_ends)] != before
    shop_of_month_ends.settings("UTC", 2)
    assert [row[:-1] for row in months(shop_of_month_ends)] == before


def test_customers_whose_sales_stay_in_their_months_are_not_written(shop: Shop) -> None:
    """Sales wait for a change of the zone: for as long as it takes to write those that it moves, and no longer."""
    moved, stays = shop.customer(), shop.customer()
    shop.sell(sale_at(moved, datetime(2026, 1, 31, 22, tzinfo=UTC)))
    shop.sell(sale_at(stays, datetime(2026, 1, 31, 20, tzinfo=UTC)))
    before = {row[1:] for row in months(shop)}
    shop.settings("Africa/Nairobi")
    after = {row[1:] for row in months(shop)}
    assert {row[0] for row in before ^ after} == {moved}
    assert {row for row in after if row[0] == stays} == {row for row in before if row[0] == stays}
    assert shop.drift() == []
