"""The figures of customers and of the company, and the sums and means that they are shown with."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.analytics.domain.frequency import RepeatFrequency
from services.analytics.domain.instants import days_between
from services.analytics.domain.lifetime_value import EngagementFigures, WorthIn
from services.analytics.domain.loyalty import LoyaltyPolicy, is_repeat_customer
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
    customer_type: str = "WALK_IN"
    phone: str = ""
    email: str = ""
    create_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """What a customer is worth, and the business done with them beside sales."""

    by_currency: tuple[WorthIn, ...]
    engagements: EngagementFigures


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a customer came back until a time, in days with a purchase, and what was spent on all but the first."""

    repeat_days: int
    recency_days: int
    age_days: int
    repeat_totals: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class CustomerMetrics:
    """Figures of a customer with what follows from them at a time; no days where nothing was bought."""

    figures: CustomerFigures
    days_since_last_purchase: int | None
    is_repeat_customer: bool
    repeat_frequency: RepeatFrequency
    loyalty_tier: str
    policy: LoyaltyPolicy
    worth: Worth | None = None
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """By what metrics are reckoned: the time, the zone that has its days, and the company's policy."""

    as_of: datetime
    time_zone: str
    policy: LoyaltyPolicy


def metrics_of(
    figures: CustomerFigures, by: Reckoning, worth: Worth | None = None, rhythm: Rhythm | None = None
) -> CustomerMetrics:
    """The metrics of a customer."""
    last = figures.last_purchase_time
    return CustomerMetrics(
        figures,
        days_since_last_purchase=None if last is None else days_between(last, by.as_of, by.time_zone),
        is_repeat_customer=is_repeat_customer(figures.purchases),
        repeat_frequency=by.policy.frequency_of(figures.purchases),
        loyalty_tier=by.policy.tier_of(figures.purchases),
        policy=by.policy,
        worth=worth,
        rhythm=rhythm,
    )


@dataclass(frozen=True, slots=True)
class CompanyFigures:
    """The customers of a company and what they brought in; buyers and revenue are those of an interval."""

    customers: int
    active: int
    persons: int
    organizations: int
    new: int
    buying: int
    repeat: int
    frequencies: tuple[tuple[RepeatFrequency, int], ...]
    revenue: tuple[CurrencyTotal, ...]

    @property
    def repeat_percentage(self) -> Decimal:
        """Repeat customers in a hundred of those who bought, one decimal."""
        return percentage(self.repeat, self.buying)

    def average_customer_value(self, total: Amount) -> Amount:
        """The total over all customers, not only those who bought."""
        return Amount(mean(total.minor, self.customers), total.currency)


def percentage(part: int, whole: int) -> Decimal:
    """So many in a hundred, one decimal, half to even; 0 of nothing."""
    return Decimal(mean(1000 * part, whole)).scaleb(-1)
