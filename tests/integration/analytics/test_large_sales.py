"""Pages of sales with many lines fit into one message, and together bring every sale once."""

from decimal import Decimal

from services.analytics.convert.sales import sale_message
from services.analytics.domain.sales import SaleLine
from services.runtime.ids import new_id
from services.runtime.paging import MOST_BYTES
from tests.integration.analytics.shop import Shop, sale

LONG = SaleLine("😀" * 255, Decimal(1), None)


def test_a_page_of_large_sales_is_shorter_than_asked_for(shop: Shop) -> None:
    amina = shop.customer()
    sold = [shop.sell(sale(amina, new_id(), lines=(LONG,) * 900, days_ago=day)).asked.sale_id for day in range(7)]
    listed, token = [], ""
    while True:
        page = shop.sales(page_token=token)
        assert sum(sale_message(one).ByteSize() for one in page.sales) < MOST_BYTES
        listed.append([one.sale_id for one in page.sales])
        token = page.next_page_token
        if not token:
            break
    assert [sale_id for ids in listed for sale_id in ids] == sold
    assert [len(ids) for ids in listed] == [3, 3, 1]
