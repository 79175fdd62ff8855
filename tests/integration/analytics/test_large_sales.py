"""Pages of sales with many lines fit into one message, and together bring every sale once."""

from decimal import Decimal

from services.analytics.convert.sales import entry_message, sale_message
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


def test_a_page_of_large_sales_that_wait_is_shorter_than_asked_for(shop: Shop) -> None:
    nobody, sent = new_id(), [f"s-{number}" for number in range(7)]
    shop.sell_many(*(sale(nobody, sale_id, lines=(LONG,) * 900) for sale_id in sent), park=True)
    listed, token = [], ""
    while True:
        page = shop.parked(page_size=1000, page_token=token)
        assert sum(entry_message(one.sale).ByteSize() for one in page.parked) < MOST_BYTES
        assert page.total_size == len(sent)
        listed.append([one.sale.sale_id for one in page.parked])
        token = page.next_page_token
        if not token:
            break
    assert [sale_id for ids in listed for sale_id in ids] == sent
    assert len(listed) > 1


def test_names_full_of_quotes_are_recorded_as_they_are(shop: Shop) -> None:
    """And soon: an array would be written character by character, which took 20 s for as many as a message holds."""
    odd = SaleLine("\"\\{}',NULL\t\U0001f600" * 20, Decimal("0.125"), None)
    amina, many = shop.customer(), (odd,) * 1000
    shop.sell_many(*(sale(amina, f"s-{number}", lines=many) for number in range(20)))
    assert shop.sales(amina, page_size=1).sales[0].lines == many
