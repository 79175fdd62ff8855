"""A refund takes back what is left of a sale, once by its id, and never more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.analytics.domain.failures import RefundConflict, RefundExceedsSale, SaleVoided
from services.analytics.domain.instants import InstantInput
from services.analytics.domain.money import Amount, MoneyInput
from services.analytics.domain.refund_rules import NewRefund, RefundInput, checked_refund, refund_of, status_after
from services.analytics.domain.sales import Refund, Sale, SaleLine, SaleStatus
from services.runtime.failures import FieldCheck, FieldsInvalid

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LINES = (SaleLine("flour", Decimal("2.5"), None), SaleLine("bag", Decimal(1), None))
SALE = Sale("s-1", "c1", Amount(1000, "KES"), LINES, "cash", NOW, SaleStatus.COMPLETED, NOW)
BEFORE = Refund("r-0", Amount(300, "KES"), Decimal(1), "", NOW)
PARTLY = replace(SALE, status=SaleStatus.PARTIALLY_REFUNDED, refunds=(BEFORE,))
ALL = NewRefund("s-1", "r-1", None, None, "", None)
GOOD = RefundInput("r-1", None, None, "", None)


def some(minor: int, items: str = "0", currency: str = "KES") -> NewRefund:
    return replace(ALL, amount=Amount(minor, currency), quantity=Decimal(items))


def test_a_refund_without_an_amount_takes_all_that_is_left() -> None:
    assert refund_of(ALL, SALE, NOW) == Refund("r-1", Amount(1000, "KES"), Decimal("3.5"), "", NOW)
    assert refund_of(ALL, PARTLY, NOW) == Refund("r-1", Amount(700, "KES"), Decimal("2.5"), "", NOW)


def test_a_sale_is_refunded_in_whole_when_nothing_is_left_of_its_amount() -> None:
    part, rest = refund_of(some(300), SALE, NOW), refund_of(some(700), PARTLY, NOW)
    assert part is not None
    assert rest is not None
    assert status_after(part, SALE) is SaleStatus.PARTIALLY_REFUNDED
    assert status_after(rest, PARTLY) is SaleStatus.REFUNDED


@pytest.mark.parametrize("asked", [some(701), some(1, "2.501"), some(10**12)])
def test_no_more_is_taken_back_than_is_left(asked: NewRefund) -> None:
    with pytest.raises(RefundExceedsSale):
        refund_of(asked, PARTLY, NOW)


def test_nothing_is_taken_back_of_a_sale_that_is_refunded_or_void() -> None:
    with pytest.raises(RefundExceedsSale):
        refund_of(ALL, replace(PARTLY, status=SaleStatus.REFUNDED), NOW)
    with pytest.raises(SaleVoided):
        refund_of(ALL, replace(SALE, status=SaleStatus.VOIDED), NOW)


def test_the_same_refund_again_takes_nothing_and_another_under_its_id_is_refused() -> None:
    assert refund_of(replace(ALL, refund_id="r-0"), PARTLY, NOW) is None
    assert refund_of(replace(some(300, "1"), refund_id="r-0"), PARTLY, NOW) is None
    with pytest.raises(RefundConflict) as refused:
        refund_of(replace(some(301), refund_id="r-0", reason="x"), PARTLY, NOW)
    assert refused.value.metadata["differs"] == "amount,quantity,reason"


def test_a_refund_is_in_the_currency_of_its_sale_and_not_long_before_it() -> None:
    early = replace(some(1, currency="USD"), refund_time=NOW - timedelta(days=2))
    with pytest.raises(FieldsInvalid) as refused:
        refund_of(early, SALE, NOW)
    assert [bad.field for bad in refused.value.fields] == ["refund.amount.currency_code", "refund.refund_time"]


def test_every_bad_field_of_a_refund_is_named_at_once() -> None:
    bad = RefundInput("", MoneyInput("KES", -1, 0), "x", "r" * 256, InstantInput(2**50, 0))
    with pytest.raises(FieldsInvalid) as refused:
        checked_refund(FieldCheck(), "", bad, NOW)
    assert [one.field for one in refused.value.fields] == [
        "sale_id",
        "refund.refund_id",
        "refund.reason",
        "refund.refund_time",
        "refund.amount.units",
        "refund.quantity",
    ]
    with pytest.raises(FieldsInvalid):
        checked_refund(FieldCheck(), "s-1", None, NOW)
    assert checked_refund(FieldCheck(), "s-1", GOOD, NOW) == ALL
