"""A request to record a sale is taken whole or refused with every field that is wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.analytics.domain.instants import InstantInput
from services.analytics.domain.money import Amount, MoneyInput
from services.analytics.domain.sale_rules import MOST_LINES, CustomerInput, LineInput, SaleInput, checked_sale
from services.analytics.domain.sales import ExternalReference, NewSale, SaleLine
from services.runtime.failures import FieldCheck, FieldsInvalid

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
GOOD = SaleInput("s-1", MoneyInput("KES", 25, 0), [], "cash", None)


def checked(given: SaleInput | None, customer_id: str = "C1", external: ExternalReference | None = None) -> NewSale:
    return checked_sale(FieldCheck(), CustomerInput(customer_id, external), given, NOW)


def bad_fields(
    given: SaleInput | None, customer_id: str = "C1", external: ExternalReference | None = None
) -> list[str]:
    with pytest.raises(FieldsInvalid) as refused:
        checked(given, customer_id, external)
    return [violation.field for violation in refused.value.fields]


def at(instant: datetime) -> InstantInput:
    return InstantInput(int(instant.timestamp()), 0)


def test_a_good_sale_is_taken_as_it_is() -> None:
    lines = [LineInput("flour", "2.5", MoneyInput("KES", 7, 0)), LineInput("bag", None, None)]
    assert checked(replace(GOOD, lines=lines, sale_time=at(NOW))) == NewSale(
        sale_id="s-1",
        customer_id="c1",
        total=Amount(2500, "KES"),
        lines=(SaleLine("flour", Decimal("2.5"), Amount(700, "KES")), SaleLine("bag", Decimal(1), None)),
        payment_method="cash",
        sale_time=NOW,
    )


def test_every_bad_field_is_named_at_once() -> None:
    lines = [
        LineInput("", "-1", MoneyInput("USD", 7, 0)),
        LineInput("p" * 256, "x", MoneyInput("KES", 0, 1)),
    ]
    ahead = at(NOW + timedelta(days=1, seconds=1))
    sale = SaleInput("", MoneyInput("KES", -1, 1), lines, "m" * 65, ahead)
    assert bad_fields(sale, "") == [
        "customer_id",
        "sale.sale_id",
        "sale.payment_method",
        "sale.total_amount.units",
        "sale.total_amount.nanos",
        "sale.lines[0].product",
        "sale.lines[0].quantity",
        "sale.lines[0].amount.currency_code",
        "sale.lines[1].product",
        "sale.lines[1].quantity",
        "sale.lines[1].amount.nanos",
        "sale.sale_time",
    ]


def test_a_sale_and_its_total_are_required() -> None:
    assert bad_fields(None, "") == ["customer_id", "sale"]
    assert bad_fields(replace(GOOD, total=None)) == ["sale.total_amount"]


def test_what_was_noted_before_is_refused_together_with_the_sale() -> None:
    check = FieldCheck()
    check.require(False, "at_least_as_fresh", "is bad")
    with pytest.raises(FieldsInvalid) as refused:
        checked_sale(check, CustomerInput(""), GOOD, NOW)
    assert [violation.field for violation in refused.value.fields] == ["at_least_as_fresh", "customer_id"]


def test_a_sale_may_be_long_past_and_a_day_ahead() -> None:
    for moment in (datetime(1999, 1, 1, tzinfo=UTC), NOW + timedelta(days=1)):
        assert checked(replace(GOOD, sale_time=at(moment))).sale_time == moment


def test_a_sale_of_before_1900_is_refused() -> None:
    assert checked(replace(GOOD, sale_time=at(datetime(1900, 1, 1, tzinfo=UTC)))).sale_time is not None
    assert bad_fields(replace(GOOD, sale_time=at(datetime(1, 1, 1, tzinfo=UTC)))) == ["sale.sale_time"]


def test_a_sale_id_has_up_to_255_characters_and_no_nul() -> None:
    assert checked(replace(GOOD, sale_id="é" * 255)).sale_id == "é" * 255
    assert bad_fields(replace(GOOD, sale_id="x" * 256)) == ["sale.sale_id"]
    assert bad_fields(replace(GOOD, sale_id="a\0b")) == ["sale.sale_id"]


def test_too_many_lines_are_refused_as_one_field() -> None:
    lines = [LineInput("", None, None)] * (MOST_LINES + 1)
    assert bad_fields(replace(GOOD, lines=lines)) == ["sale.lines"]


def test_the_customer_is_named_by_one_of_its_ids_and_not_by_two() -> None:
    shop_id = ExternalReference("shopify", "17")
    assert checked(GOOD, "", shop_id).external == shop_id
    assert bad_fields(GOOD, "C1", shop_id) == ["external_customer_id"]
    assert bad_fields(GOOD, "", ExternalReference("", "x" * 256)) == [
        "external_customer_id.system",
        "external_customer_id.external_id",
    ]
