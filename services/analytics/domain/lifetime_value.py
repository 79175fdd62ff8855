"""What a customer is worth: what they bought, and the offers and jobs that came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.loyalty import LifetimeValueMethod
from services.analytics.domain.money import Amount, mean


@dataclass(frozen=True, slots=True)
class Engagement:
    """An offer, job, lead or booking; a value of None is not known."""

    engagement_id: str
    kind: str
    status: str
    value: Amount | None
    converted_from: str | None
    status_time: datetime

    @property
    def is_accepted_offer(self) -> bool:
        """Whether it is an offer that the customer took."""
        return (self.kind, self.status) == ("OFFER", "ACCEPTED")

    @property
    def is_completed_job(self) -> bool:
        """Whether it is work that is done."""
        return (self.kind, self.status) == ("JOB", "COMPLETED")


@dataclass(frozen=True, slots=True)
class WorthIn:
    """What a customer is worth in one currency, in minor units, by its parts."""

    currency: str
    sales: int
    offers: int
    jobs: int

    def total(self, method: LifetimeValueMethod) -> int:
        """The sum of the parts that a method counts."""
        by_sales = self.sales if method is not LifetimeValueMethod.OFFERS_AND_JOBS else 0
        by_business = self.offers + self.jobs if method is not LifetimeValueMethod.SALES else 0
        return by_sales + by_business


@dataclass(frozen=True, slots=True)
class EngagementFigures:
    """How many engagements of each kind, and the mean of the jobs that are done."""

    leads: int
    offers: int
    accepted_offers: int
    bookings: int
    completed_bookings: int
    jobs: int
    completed_jobs: int
    average_job_values: tuple[Amount, ...]
    last_time: datetime | None


def worth(sales: Iterable[Amount], engagements: Sequence[Engagement]) -> list[WorthIn]:
    """What a customer is worth, by currency code.

    An offer that led to a completed job, directly or through others, counts as that job alone.
    """
    done = _led_to_completed_jobs(engagements)
    parts: dict[str, list[int]] = {}

    def add(amount: Amount, part: int) -> None:
        parts.setdefault(amount.currency, [0, 0, 0])[part] += amount.minor

    for amount in sales:
        add(amount, 0)
    for one in engagements:
        if one.value is not None and one.is_accepted_offer and one.engagement_id not in done:
            add(one.value, 1)
        if one.value is not None and one.is_completed_job:
            add(one.value, 2)
    return [WorthIn(currency, *found) for currency, found in sorted(parts.items())]


def engagement_figures(engagements: Sequence[Engagement]) -> EngagementFigures:
    """The figures of a customer's engagements."""
    values: dict[str, list[int]] = {}
    for one in engagements:
        if one.is_completed_job and one.value is not None:
            values.setdefault(one.value.currency, []).append(one.value.minor)
    return EngagementFigures(
        leads=_count(engagements, "LEAD"),
        offers=_count(engagements, "OFFER"),
        accepted_offers=_count(engagements, "OFFER", "ACCEPTED"),
        bookings=_count(engagements, "BOOKING"),
        completed_bookings=_count(engagements, "BOOKING", "COMPLETED"),
        jobs=_count(engagements, "JOB"),
        completed_jobs=_count(engagements, "JOB", "COMPLETED"),
        average_job_values=tuple(Amount(mean(sum(of), len(of)), currency) for currency, of in sorted(values.items())),
        last_time=max((one.status_time for one in engagements), default=None),
    )


def _count(engagements: Iterable[Engagement], kind: str, status: str = "") -> int:
    return sum(one.kind == kind and status in {"", one.status} for one in engagements)


def _led_to_completed_jobs(engagements: Sequence[Engagement]) -> set[str]:
    """Everything that a completed job was made from, step by step."""
    made_from = {one.engagement_id: one.converted_from for one in engagements}
    led: set[str] = set()
    for job in engagements:
        at = job.converted_from if job.is_completed_job else None
        while at is not None and at not in led:
            led.add(at)
            at = made_from.get(at)
    return led
