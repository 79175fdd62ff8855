"""Figures of customers and of the company, as they are read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.domain.frequency import RepeatFrequency
from services.analytics.domain.mirror import CustomerState, PartyType
from services.analytics.domain.money import Amount
from services.runtime.database import Database
from services.runtime.failures import FieldsInvalid
from services.runtime.ids import new_id
from services.runtime.paging import page_token
from tests.integration.analytics.shop import NOON, Shop, kes, sale


def test_a_customer_without_a_purchase_has_zeros(shop: Shop) -> None:
    metrics = shop.metrics(shop.customer("Amina"))
    assert (metrics.figures.name, metrics.figures.purchases, metrics.figures.totals) == ("Amina", 0, ())
    assert (metrics.days_since_last_purchase, metrics.is_repeat_customer) == (None, False)
    assert metrics.repeat_frequency is RepeatFrequency.NONE


def test_each_currency_has_its_own_sum(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, minor=1000))
    shop.sell(sale(amina, minor=1001))
    shop.sell(sale(amina, minor=5, currency="JPY"))
    figures = shop.metrics(amina).figures
    assert [total.total for total in figures.totals] == [Amount(5, "JPY"), Amount(2001, "KES")]
    assert figures.totals[1].average == Amount(1000, "KES")
    assert figures.purchases == 3


def test_days_are_counted_at_midnight_where_the_company_is(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina))
    late = datetime(2026, 3, 10, 22, tzinfo=UTC)  # after midnight in Nairobi
    assert shop.metrics(amina, as_of=late).days_since_last_purchase == 0
    shop.settings("Africa/Nairobi")
    assert shop.metrics(amina, as_of=late).days_since_last_purchase == 1


def test_older_settings_do_not_replace_newer_ones(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina))
    shop.settings("Africa/Nairobi", revision=2)
    shop.settings("UTC", revision=1)
    assert shop.metrics(amina, as_of=NOON + timedelta(hours=10)).days_since_last_purchase == 1


def test_a_deleted_root_hides_its_tree(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.merge(amina, brian)
    shop.tell(shop.change(brian, state=CustomerState.DELETED))
    for customer_id in (amina, brian):
        with pytest.raises(CustomerNotFound):
            shop.metrics(customer_id)


def test_unknown_and_foreign_customers_are_not_found(shop: Shop, database: Database) -> None:
    foreign = Shop(database, "other").customer()
    for customer_id in (foreign, new_id(), "nobody", "\0"):
        with pytest.raises(CustomerNotFound):
            shop.metrics(customer_id)


def test_repeat_customers_come_by_purchases_and_pages_join(shop: Shop) -> None:
    bought = [3, 1, 2, 2, 5, 2, 0, 10]
    customers = [shop.customer(f"customer {number}") for number in range(len(bought))]
    for customer, times in zip(customers, bought, strict=True):
        for _ in range(times):
            shop.sell(sale(customer))
    seen, token = [], ""
    for _ in range(3):
        page = shop.repeat_customers(page_size=2, page_token=token)
        seen += [(one.figures.customer_id, one.figures.purchases) for one in page.customers]
        token = page.next_page_token
    assert token == ""
    assert [purchases for _, purchases in seen] == [10, 5, 3, 2, 2, 2]
    assert len(set(seen)) == 6
    assert page.total_size == 6
    assert shop.repeat_customers(least=4).total_size == 2


def test_a_merge_makes_a_repeat_customer_and_its_undo_takes_it_back(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.sell(sale(amina))
    shop.sell(sale(brian))
    assert shop.repeat_customers().customers == []
    shop.merge(amina, brian)
    assert [one.figures.customer_id for one in shop.repeat_customers().customers] == [brian]
    shop.undo(amina, brian)
    assert shop.repeat_customers().total_size == 0


def test_a_deleted_customer_is_no_repeat_customer_until_it_comes_back(shop: Shop) -> None:
    amina = shop.customer()
    for _ in range(2):
        shop.sell(sale(amina))
    shop.tell(shop.change(amina, state=CustomerState.DELETED))
    assert shop.repeat_customers().total_size == 0
    shop.tell(shop.change(amina))
    assert shop.repeat_customers().total_size == 1


@pytest.mark.parametrize("position", [[], [1], ["a", "b"], [2, "x"], [None, new_id()]])
def test_a_page_token_with_another_position_is_a_bad_field(shop: Shop, position: list[object]) -> None:
    question = {"list": "repeat customers", "least_purchases": 2}
    with pytest.raises(FieldsInvalid):
        shop.repeat_customers(page_token=page_token(question, position, shop.company_id))


def test_an_empty_company_has_an_empty_summary(shop: Shop) -> None:
    summary = shop.summary()
    assert (summary.customers, summary.buying, summary.repeat, summary.revenue) == (0, 0, 0, ())
    assert summary.repeat_percentage == 0
    assert [frequency for frequency, _ in summary.frequencies] == list(RepeatFrequency)


def test_the_summary_counts_customers_and_revenue(shop: Shop) -> None:
    amina, brian, merged, deleted, inactive = (shop.customer() for _ in range(5))
    firm = shop.customer("Acme Ltd", PartyType.ORGANIZATION)
    for customer, times in ((amina, 1), (brian, 4), (merged, 1), (deleted, 2), (firm, 10)):
        for _ in range(times):
            shop.sell(sale(customer, minor=100))
    shop.merge(merged, amina)
    shop.tell(shop.change(deleted, state=CustomerState.DELETED))
    shop.tell(shop.change(inactive, state=CustomerState.INACTIVE))
    summary = shop.summary()
    assert (summary.customers, summary.active, summary.persons, summary.organizations) == (4, 3, 3, 1)
    assert (summary.buying, summary.repeat, summary.repeat_percentage) == (3, 3, Decimal(100))
    assert [count for _, count in summary.frequencies] == [1, 0, 1, 1, 1]
    assert summary.revenue == (kes(18, 1800),)
    assert summary.average_customer_value(summary.revenue[0].total) == Amount(450, "KES")
