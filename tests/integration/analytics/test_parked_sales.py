"""A sale for a customer that is not known is refused or waits for it, and is never lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from services.analytics.domain.failures import CustomerNotFound, SaleConflict, SaleNotFound
from services.analytics.domain.mirror import CustomerState
from services.analytics.domain.sale_outcomes import Result
from services.analytics.domain.sales import ExternalReference
from services.runtime.database import Database
from services.runtime.ids import new_id
from tests.integration.analytics.shop import Shop, kes, sale

TILL = ExternalReference("till", "17")


def test_a_sale_waits_and_is_recorded_when_its_customer_becomes_known(shop: Shop) -> None:
    amina = new_id()
    asked = sale(amina, "s-1")
    assert shop.sell(asked, park=True).result is Result.PARKED
    assert shop.sell(asked, park=True).result is Result.PARKED
    assert [one.sale for one in shop.parked().parked] == [asked]
    assert shop.summary().revenue == ()
    shop.tell(shop.change(amina))
    assert shop.parked().parked == []
    assert shop.metrics(amina).figures.totals == (kes(1, 1000),)
    assert shop.sell(asked, park=True).result is Result.UNCHANGED
    assert shop.drift() == []


def test_a_sale_waits_for_an_id_of_another_system_too(shop: Shop) -> None:
    amina = new_id()
    assert shop.sell(sale("", "s-1", external=TILL), park=True).result is Result.PARKED
    shop.tell(shop.change(amina))
    assert shop.parked().total_size == 1
    shop.tell(shop.change(amina, external_ids=(TILL,)))
    assert shop.parked().total_size == 0
    assert shop.metrics(amina).figures.purchases == 1


def test_a_sale_by_an_id_of_another_system_belongs_to_the_member_whose_own_it_is(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.tell(shop.change(amina, external_ids=(TILL,)))
    shop.links[amina] = brian
    shop.tell(shop.change(amina, external_ids=(TILL,)), shop.change(brian, external_ids=(TILL,)))
    recorded = shop.sell(sale("", "s-1", external=TILL))
    assert recorded.stored is not None
    assert recorded.stored.origin_customer_id == amina
    assert shop.metrics(brian).figures.purchases == 1


def test_an_id_that_a_customer_lost_finds_it_no_more(shop: Shop) -> None:
    amina = shop.customer()
    shop.tell(shop.change(amina, external_ids=(TILL,)))
    shop.tell(shop.change(amina))
    with pytest.raises(CustomerNotFound):
        shop.sell(sale("", "s-1", external=TILL))


def test_an_id_of_another_company_finds_nobody(shop: Shop, database: Database) -> None:
    shop.tell(shop.change(new_id(), external_ids=(TILL,)))
    with pytest.raises(CustomerNotFound):
        Shop(database, "another company").sell(sale("", "s-1", external=TILL))


def test_other_content_under_the_id_of_a_parked_sale_is_refused(shop: Shop) -> None:
    shop.sell(sale(new_id(), "s-1"), park=True)
    with pytest.raises(SaleConflict):
        shop.sell(sale(shop.customer(), "s-1"), park=True)
    assert shop.parked().total_size == 1


def test_a_text_that_is_no_id_is_refused_also_where_sales_may_wait(shop: Shop) -> None:
    with pytest.raises(CustomerNotFound):
        shop.sell(sale("no id", "s-1"), park=True)


def test_a_sale_for_an_erased_customer_is_refused_also_where_sales_may_wait(shop: Shop) -> None:
    amina = shop.customer()
    shop.tell(shop.change(amina, state=CustomerState.ERASED))
    with pytest.raises(CustomerNotFound):
        shop.sell(sale(amina, "s-1"), park=True)
    with pytest.raises(CustomerNotFound):
        shop.sell(sale(amina.upper(), "s-1"), park=True)
    assert shop.parked().total_size == 0


def test_a_sale_whose_customer_turns_out_to_be_erased_is_listed_as_such_and_never_recorded(shop: Shop) -> None:
    amina, brian = new_id(), new_id()
    asked = sale(amina, "s-1")
    shop.sell(asked, park=True)
    shop.sell(sale(brian, "s-2"), park=True)
    shop.tell(shop.change(amina, state=CustomerState.ERASED))
    assert [(one.sale.sale_id, one.customer_erased) for one in shop.parked().parked] == [("s-1", True), ("s-2", False)]
    with pytest.raises(CustomerNotFound):
        shop.sell(asked, park=True)
    with pytest.raises(SaleConflict):
        shop.sell(sale(brian, "s-1"), park=True)
    shop.discard("s-1")
    assert [one.sale.sale_id for one in shop.parked().parked] == ["s-2"]
    assert shop.summary().revenue == ()


def test_a_parked_sale_can_be_given_up_once_and_its_id_is_free(shop: Shop) -> None:
    shop.sell(sale(new_id(), "s-1"), park=True)
    shop.discard("s-1")
    with pytest.raises(SaleNotFound):
        shop.discard("s-1")
    assert shop.sell(sale(shop.customer(), "s-1")).recorded


def test_parked_sales_are_listed_page_by_page(shop: Shop) -> None:
    for number in range(5):
        shop.sell(sale(new_id(), f"s-{number}"), park=True)
    seen, token = [], ""
    while True:
        page = shop.parked(page_size=2, page_token=token)
        assert page.total_size == 5
        seen += [one.sale.sale_id for one in page.parked]
        token = page.next_page_token
        if not token:
            break
    assert seen == [f"s-{number}" for number in range(5)]


def test_no_sale_waits_on_when_its_customer_comes_at_the_same_moment(shop: Shop) -> None:
    for round_number in range(15):
        amina, start = new_id(), Barrier(2)
        asked, told = sale(amina, f"s-{round_number}"), shop.change(amina)

        def sell(asked=asked, start=start) -> None:  # type: ignore[no-untyped-def]
            start.wait()
            shop.sell(asked, park=True)

        def tell(told=told, start=start) -> None:  # type: ignore[no-untyped-def]
            start.wait()
            shop.tell(told)

        with ThreadPoolExecutor(2) as threads:
            for work in [threads.submit(sell), threads.submit(tell)]:
                work.result()
        assert shop.parked().total_size == 0
        assert shop.metrics(amina).figures.purchases == 1
    assert shop.drift() == []
