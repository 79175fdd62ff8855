"""The figures of customers and of the company, and the sums and means that they are shown with."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.analytics.domain.frequency import RepeatFrequency, frequency_of, is_repeat_customer
from services.analytics.domain.instants import days_between
from services.analytics.domain.money import Amount, mean


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """How many sales there were in a currency, and their sum."""

    purchases: int
    total: Amount

    @property
    def average(self) -> Amount:
        """The mean sale, half to even."""
        return Amount(mean(self.total.minor, self.purchases), self.total.currency)


@dataclass(frozen=True, slots=True)
class CustomerFigures:
    """What a root and all that were merged into it bought."""

    customer_id: str
    name: str
    purchases: int
    items: Decimal
    first_purchase_time: datetime | None
    last_purchase_time: datetime | None
    totals: tuple[CurrencyTotal, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class CustomerMetrics:
    """Figures of a customer with what follows from them at a time; no days where nothing was bought."""

    figures: CustomerFigures
    days_since_last_purchase: int | None
    is_repeat_customer: bool
    repeat_frequency: RepeatFrequency


def metrics_of(figures: CustomerFigures, as_of: datetime, time_zone: str) -> CustomerMetrics:
    """The metrics at a time, with days as the time zone has them."""
    last = figures.last_purchase_time
    return CustomerMetrics(
        figures,
        days_since_last_purchase=None if last is None else days_between(last, as_of, time_zone),
        is_repeat_customer=is_repeat_customer(figures.purchases),
        repeat_frequency=frequency_of(figures.purchases),
    )


@dataclass(frozen=True, slots=True)
class CompanyFigures:
    """The customers of a company and what they brought in."""

    customers: int
    active: int
    persons: int
    organizations: int
    frequencies: tuple[tuple[RepeatFrequency, int], ...]
    revenue: tuple[CurrencyTotal, ...]

    @property
    def buying(self) -> int:
        """Customers with a purchase."""
        return sum(_customers_of(self.frequencies, {RepeatFrequency.NONE}))

    @property
    def repeat(self) -> int:
        """Customers with two purchases or more."""
        return sum(_customers_of(self.frequencies, {RepeatFrequency.NONE, RepeatFrequency.ONE_TIME}))

    @property
    def repeat_percentage(self) -> Decimal:
        """Repeat customers in a hundred of those who bought, one decimal."""
        return Decimal(mean(1000 * self.repeat, self.buying)).scaleb(-1)

    def average_customer_value(self, total: Amount) -> Amount:
        """The total over all customers, not only those who bought."""
        return Amount(mean(total.minor, self.customers), total.currency)


def _customers_of(counts: Iterable[tuple[RepeatFrequency, int]], without: set[RepeatFrequency]) -> Iterable[int]:
    return (customers for frequency, customers in counts if frequency not in without)
