"""Sales are listed newest first, over the whole tree of a customer or the company, with their sums."""

from datetime import timedelta
from typing import Any

import pytest

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.domain.mirror import CustomerState
from services.runtime.database import Database
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from services.runtime.ids import new_id
from services.runtime.paging import page_token
from tests.integration.analytics.shop import NOON, Shop, kes, sale


def ids(shop: Shop, customer_id: str = "", **asked: Any) -> list[str]:
    return [one.sale_id for one in shop.sales(customer_id, **asked).sales]


def test_the_sales_of_a_tree_come_together_newest_first(shop: Shop) -> None:
    amina, brian, carol = shop.customer(), shop.customer(), shop.customer()
    for number, customer in enumerate([amina, brian, amina, carol, brian]):
        shop.sell(sale(customer, f"s-{number}", days_ago=number))
    shop.merge(amina, brian)
    assert ids(shop, brian) == ids(shop, amina) == ["s-0", "s-1", "s-2", "s-4"]
    shop.undo(amina, brian)
    assert ids(shop, amina) == ["s-0", "s-2"]
    assert ids(shop, brian) == ["s-1", "s-4"]
    assert ids(shop) == ["s-0", "s-1", "s-2", "s-3", "s-4"]


@pytest.mark.parametrize("whole_company", [True, False])
def test_pages_join_without_gap_or_repeat_also_where_times_are_equal(shop: Shop, whole_company: bool) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.merge(amina, brian)
    for number in range(11):
        shop.sell(sale([amina, brian][number % 2], f"s-{number:02}", days_ago=number // 4))
    asked = "" if whole_company else brian
    seen, token = [], ""
    for _ in range(4):
        page = shop.sales(asked, page_size=3, page_token=token)
        seen += [one.sale_id for one in page.sales]
        token = page.next_page_token
    assert token == ""
    assert seen == ids(shop, asked, page_size=100)
    assert len(set(seen)) == 11


def test_an_interval_holds_its_start_and_not_its_end(shop: Shop) -> None:
    amina = shop.customer()
    for days in range(4):
        shop.sell(sale(amina, f"s-{days}", days_ago=days))
    interval: dict[str, Any] = {"sold_from": NOON - timedelta(days=2), "sold_before": NOON}
    assert ids(shop, amina, **interval) == ids(shop, **interval) == ["s-1", "s-2"]


def test_sums_are_over_all_that_is_asked_for_not_only_the_page(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    for number in range(5):
        shop.sell(sale(amina, minor=100 + number, days_ago=number))
    shop.sell(sale(brian, minor=7))
    assert shop.sales(amina, page_size=1).sums == (kes(5, 510),)
    assert shop.sales(page_size=1).sums == [kes(6, 517)]
    since: dict[str, Any] = {"sold_from": NOON - timedelta(days=1)}
    assert shop.sales(amina, page_size=1, **since).sums == [kes(2, 201)]
    assert shop.sales(page_size=1, **since).sums == [kes(3, 208)]


def test_sums_of_an_interval_without_a_sale_are_empty(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina))
    assert shop.sales(amina, sold_from=NOON + timedelta(days=1)).sums == []


def test_unknown_deleted_and_foreign_customers_are_not_found(shop: Shop, database: Database) -> None:
    deleted = shop.customer()
    shop.tell(shop.change(deleted, state=CustomerState.DELETED))
    foreign = Shop(database, "other").customer()
    for customer_id in (deleted, foreign, new_id(), "nobody"):
        with pytest.raises(CustomerNotFound):
            shop.sales(customer_id)


def test_a_page_token_of_another_question_is_refused(shop: Shop) -> None:
    amina = shop.customer()
    for _ in range(2):
        shop.sell(sale(amina))
    token = shop.sales(amina, page_size=1).next_page_token
    with pytest.raises(PageTokenMismatch):
        shop.sales(page_token=token)


@pytest.mark.parametrize("position", [[], ["yesterday", "s-1"], [1, 2], ["2026-03-10T12:00:00+00:00", "a", "b"]])
def test_a_page_token_with_another_position_is_a_bad_field(shop: Shop, position: list[object]) -> None:
    asked: dict[str, object] = {"list": "sales", "statuses": [], "customer_id": ""}
    asked |= {"sold_from": None, "sold_before": None}
    with pytest.raises(FieldsInvalid):
        shop.sales(page_token=page_token(asked, position, shop.company_id))
