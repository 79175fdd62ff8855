"""What follows from figures: bands, percentages and means."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.analytics.domain.figures import CompanyFigures, CurrencyTotal, CustomerFigures, Reckoning, metrics_of
from services.analytics.domain.frequency import RepeatFrequency
from services.analytics.domain.loyalty import SHIPPED, is_repeat_customer
from services.analytics.domain.money import Amount

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def company(*customers: int, total: int = 0) -> CompanyFigures:
    return CompanyFigures(
        customers=total or sum(customers),
        active=0,
        persons=0,
        organizations=0,
        new=0,
        buying=sum(customers[1:]),
        repeat=sum(customers[2:]),
        frequencies=tuple(zip(RepeatFrequency, customers, strict=True)),
        revenue=(),
    )


@pytest.mark.parametrize(
    ("purchases", "frequency"),
    [
        (0, RepeatFrequency.NONE),
        (1, RepeatFrequency.ONE_TIME),
        (2, RepeatFrequency.OCCASIONAL),
        (3, RepeatFrequency.OCCASIONAL),
        (4, RepeatFrequency.REGULAR),
        (5, RepeatFrequency.REGULAR),
        (9, RepeatFrequency.REGULAR),
        (10, RepeatFrequency.FREQUENT),
        (10**9, RepeatFrequency.FREQUENT),
    ],
)
def test_the_band_follows_from_the_number_of_purchases(purchases: int, frequency: RepeatFrequency) -> None:
    assert SHIPPED.frequency_of(purchases) is frequency
    assert SHIPPED.tier_of(purchases) == frequency.lower()


def test_bands_rise_from_none_and_each_frequency_has_one() -> None:
    least = [purchases for _, purchases in SHIPPED.bands]
    assert least == sorted(set(least))
    assert least[0] == 0
    assert [frequency for frequency, _ in SHIPPED.bands] == list(RepeatFrequency)


def test_two_purchases_make_a_repeat_customer() -> None:
    assert [is_repeat_customer(purchases) for purchases in range(4)] == [False, False, True, True]


def test_the_repeat_percentage_is_of_those_who_bought() -> None:
    figures = company(100, 2, 1, 0, 0)
    assert (figures.buying, figures.repeat, figures.repeat_percentage) == (3, 1, Decimal("33.3"))


@pytest.mark.parametrize(
    ("once", "often", "percentage"), [(0, 0, "0"), (1999, 1, "0.0"), (1997, 3, "0.2"), (0, 5, "100")]
)
def test_the_repeat_percentage_has_one_decimal_half_even(once: int, often: int, percentage: str) -> None:
    assert company(0, once, often, 0, 0).repeat_percentage == Decimal(percentage)


def test_the_average_customer_value_is_over_all_customers() -> None:
    figures = company(3, 1, 0, 0, 0)
    assert figures.average_customer_value(Amount(1001, "KES")) == Amount(250, "KES")
    assert company(0, 0, 0, 0, 0).average_customer_value(Amount(5, "KES")) == Amount(0, "KES")


def test_the_average_of_a_currency_is_half_even() -> None:
    averages = [CurrencyTotal(2, Amount(minor, "KES")).average.minor for minor in (1, 3, 5)]
    assert averages == [0, 2, 2]


def test_metrics_without_a_purchase_have_no_days() -> None:
    nobody = CustomerFigures("id", "name", 0, Decimal(0), None, None)
    assert metrics_of(nobody, Reckoning(NOW, "UTC", SHIPPED)).days_since_last_purchase is None
