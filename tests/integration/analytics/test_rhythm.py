"""How a customer with many sales came back is read day by day, and is what its sales say one by one."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.analytics.domain.figures import Rhythm
from services.analytics.store import customer_figures, rhythm
from tests.integration.analytics.shop import NOON, Shop, sale

CHANGES_AT_MIDNIGHT = datetime(2025, 11, 2, 4, tzinfo=UTC)
SALES = 120


@pytest.mark.parametrize("zone", ["UTC", "Africa/Nairobi", "America/Havana", "Pacific/Apia", "Asia/Kathmandu"])
def test_days_and_sales_give_the_same_rhythm(shop: Shop, zone: str) -> None:
    chance = random.Random(zone)
    amina, brian = shop.customer(), shop.customer()
    shop.merge(amina, brian)
    shop.settings(zone)
    hours = [timedelta(minutes=30 * chance.randrange(-400, 400)) for _ in range(SALES)]
    sold = [
        replace(
            sale(chance.choice([amina, brian]), f"s-{at}", minor=at, currency=chance.choice(["KES", "USD"])),
            sale_time=CHANGES_AT_MIDNIGHT + ago,
        )
        for at, ago in enumerate(hours)
    ]
    shop.sell_many(*sold)
    for one in sold[:20]:
        shop.void(one.sale_id)

    def both(many: int) -> Rhythm:
        return shop.ask(
            lambda tx: rhythm.of_roots(tx, customer_figures.of_customers(tx, [amina]).values(), NOON, zone, many)
        )[brian]

    assert both(1) == both(SALES)
    assert both(1).repeat_days > 10
