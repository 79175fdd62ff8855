"""A sale is recorded once, for whom it was made, and counted in the same transaction."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.analytics.domain.failures import CustomerNotFound, SaleConflict
from services.analytics.domain.mirror import CustomerState
from services.analytics.domain.money import Amount
from services.analytics.domain.sales import SaleLine
from services.money.minor_units import units_and_nanos
from services.runtime.database import Database
from services.runtime.ids import new_id
from tests.integration.analytics.shop import NOON, Shop, kes, sale

LINES = (
    SaleLine("maize flour 2 kg", Decimal("2.5"), Amount(700, "KES")),
    SaleLine("a bag", Decimal(1), None),
)


def test_a_sale_is_stored_as_it_was_asked_for_and_counts(shop: Shop) -> None:
    amina = shop.customer()
    asked = sale(amina, "s-1", minor=250050, lines=LINES)
    recorded = shop.sell(asked)
    assert recorded.recorded
    assert recorded.stored is not None
    assert shop.sales(amina).sales == [recorded.stored]
    assert (recorded.stored.total, recorded.stored.lines) == (Amount(250050, "KES"), LINES)
    figures = shop.metrics(amina).figures
    assert (figures.purchases, figures.totals) == (1, (kes(1, 250050),))
    assert figures.items == Decimal("3.5")


def test_the_same_sale_again_changes_nothing(shop: Shop) -> None:
    amina = shop.customer()
    first = shop.sell(sale(amina, "s-1", lines=LINES))
    again = shop.sell(sale(amina, "s-1", lines=LINES))
    assert (again.stored, again.recorded) == (first.stored, False)
    assert shop.metrics(amina).figures.purchases == 1
    assert shop.drift() == []


def test_a_sale_repeated_without_its_time_is_the_same_sale(shop: Shop) -> None:
    amina = shop.customer()
    asked = replace(sale(amina, "s-1"), sale_time=None)
    first = shop.sell(asked, now=NOON)
    again = shop.sell(asked, now=NOON + timedelta(hours=1))
    assert first.stored is not None
    assert first.stored.sale_time == NOON
    assert (again.stored, again.recorded) == (first.stored, False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": Amount(1001, "KES")}, "total_amount"),
        ({"total": Amount(1000, "UGX")}, "total_amount"),
        ({"payment_method": "mpesa"}, "payment_method"),
        ({"sale_time": NOON - timedelta(days=1)}, "sale_time"),
        ({"lines": LINES}, "lines"),
    ],
)
def test_a_sale_id_with_other_content_is_refused_and_what_differs_is_named(
    shop: Shop, change: dict[str, object], field: str
) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "s-1"))
    with pytest.raises(SaleConflict) as refused:
        shop.sell(replace(sale(amina, "s-1"), **change))  # type: ignore[arg-type]
    assert refused.value.metadata == {"sale_id": "s-1", "differs": field}
    assert shop.drift() == []


def test_a_sale_id_of_another_customer_is_refused(shop: Shop) -> None:
    amina, brian = shop.customer(), shop.customer()
    shop.sell(sale(amina, "s-1"))
    with pytest.raises(SaleConflict):
        shop.sell(sale(brian, "s-1"))


def test_two_companies_may_use_one_sale_id(shop: Shop, database: Database) -> None:
    other = Shop(database, "other")
    shop.sell(sale(shop.customer(), "s-1", minor=100))
    theirs = other.sell(sale(other.customer(), "s-1", minor=900))
    assert theirs.recorded
    assert other.summary().revenue == (kes(1, 900),)
    assert shop.summary().revenue == (kes(1, 100),)


@pytest.mark.parametrize("customer_id", [new_id(), "7", "x" * 300], ids=["unknown", "no uuid", "too long"])
def test_a_sale_for_an_unknown_customer_is_refused_aloud(shop: Shop, customer_id: str) -> None:
    with pytest.raises(CustomerNotFound):
        shop.sell(sale(customer_id))
    assert shop.summary().revenue == ()


def test_a_sale_for_another_companys_customer_is_refused_as_for_an_unknown_one(shop: Shop, database: Database) -> None:
    theirs = Shop(database, "other").customer()
    with pytest.raises(CustomerNotFound):
        shop.sell(sale(theirs))


@pytest.mark.parametrize("state", [CustomerState.INACTIVE, CustomerState.DELETED])
def test_a_sale_that_happened_is_kept_for_a_customer_who_is_inactive_or_deleted(
    shop: Shop, state: CustomerState
) -> None:
    amina = shop.customer()
    shop.tell(shop.change(amina, state=state))
    assert shop.sell(sale(amina)).recorded
    assert shop.summary().revenue == (kes(1, 1000),)
    shop.tell(shop.change(amina))
    assert shop.metrics(amina).figures.purchases == 1
    assert shop.drift() == []


@pytest.mark.parametrize("state", [CustomerState.ERASED, CustomerState.GONE])
def test_nothing_new_is_tied_to_a_customer_who_was_erased_or_is_gone(shop: Shop, state: CustomerState) -> None:
    amina = shop.customer()
    shop.sell(sale(amina, "before"))
    shop.tell(shop.change(amina, state=state))
    with pytest.raises(CustomerNotFound):
        shop.sell(sale(amina, "after"))
    assert not shop.sell(sale(amina, "before")).recorded
    assert shop.summary().revenue == (kes(1, 1000),)


def test_a_sale_for_a_merged_customer_stays_there_and_shows_under_the_root(shop: Shop) -> None:
    amina, survivor = shop.customer(), shop.customer()
    shop.merge(amina, survivor)
    recorded = shop.sell(sale(amina))
    assert recorded.stored is not None
    assert recorded.stored.origin_customer_id == amina
    assert shop.metrics(survivor).figures.purchases == 1
    shop.undo(amina, survivor)
    assert shop.metrics(survivor).figures.purchases == 0
    assert shop.metrics(amina).figures.purchases == 1


def test_a_backdated_sale_moves_the_first_purchase_and_not_the_last(shop: Shop) -> None:
    amina = shop.customer()
    shop.sell(sale(amina))
    shop.sell(sale(amina, days_ago=400))
    figures = shop.metrics(amina).figures
    assert figures.first_purchase_time == NOON - timedelta(days=400)
    assert figures.last_purchase_time == NOON


def test_the_largest_sales_add_up_beyond_64_bits(shop: Shop) -> None:
    amina = shop.customer()
    largest = 999_999_999_999_9999
    for number in range(3):
        shop.sell(sale(amina, f"s-{number}", minor=largest, currency="CLF"))
    assert shop.metrics(amina).figures.totals[0].total == Amount(3 * largest, "CLF")


def test_a_million_random_amounts_add_up_as_decimals_do(shop: Shop) -> None:
    """In the column that sums are taken of, as the sums of a company are."""
    chance = random.Random(11)
    minors = [chance.randrange(10 ** chance.randrange(1, 15)) for _ in range(1_000_000)]
    with shop.database.transaction(shop.scope) as tx:
        tx.execute("CREATE TEMP TABLE amounts ON COMMIT DROP AS SELECT total_minor FROM sales LIMIT 0")
        with tx.copy("COPY amounts FROM STDIN") as copy:
            copy.write("\n".join(map(str, minors)) + "\n")
        summed = tx.value("SELECT sum(total_minor) FROM amounts")
    units, nanos = units_and_nanos(int(summed), "KES")
    exact = sum((Decimal(minor).scaleb(-2) for minor in minors), Decimal(0))
    assert Decimal(units) + Decimal(nanos).scaleb(-9) == exact
