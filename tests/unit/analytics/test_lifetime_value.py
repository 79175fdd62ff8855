"""Lifetime value counts each thing once: an offer that led to a completed job is that job."""

from datetime import UTC, datetime, timedelta

from services.analytics.domain.lifetime_value import Engagement, WorthIn, engagement_figures, worth
from services.analytics.domain.loyalty import LifetimeValueMethod
from services.analytics.domain.money import Amount

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def engagement(name: str, kind: str, status: str, minor: int | None, made_from: str | None = None) -> Engagement:
    return Engagement(name, kind, status, None if minor is None else Amount(minor, "KES"), made_from, NOW)


LEAD = engagement("lead", "LEAD", "CONVERTED", 10)
OFFER = engagement("offer", "OFFER", "ACCEPTED", 500, "lead")
BOOKING = engagement("booking", "BOOKING", "COMPLETED", 7, "offer")
JOB = engagement("job", "JOB", "COMPLETED", 600, "booking")


def test_an_offer_counts_until_the_job_that_it_led_to_is_done() -> None:
    running = engagement("job", "JOB", "IN_PROGRESS", 600, "booking")
    assert worth([], [LEAD, OFFER, BOOKING, running]) == [WorthIn("KES", 0, 500, 0)]
    assert worth([], [LEAD, OFFER, BOOKING, JOB]) == [WorthIn("KES", 0, 0, 600)]


def test_offers_that_were_not_accepted_and_jobs_that_are_not_done_are_worth_nothing() -> None:
    open_offer = engagement("o", "OFFER", "SENT", 500)
    called_off = engagement("j", "JOB", "CANCELLED", 500)
    unknown = engagement("k", "JOB", "COMPLETED", None)
    assert worth([], [open_offer, called_off, unknown]) == []


def test_each_currency_has_its_parts_and_each_method_its_total() -> None:
    found = worth([Amount(30, "JPY"), Amount(40, "KES")], [OFFER])
    assert found == [WorthIn("JPY", 30, 0, 0), WorthIn("KES", 40, 500, 0)]
    assert [found[1].total(method) for method in LifetimeValueMethod] == [40, 500, 540]


def test_a_circle_of_conversions_ends() -> None:
    first = engagement("a", "JOB", "COMPLETED", 1, "b")
    second = engagement("b", "OFFER", "ACCEPTED", 2, "a")
    assert worth([], [first, second]) == [WorthIn("KES", 0, 0, 1)]


def test_figures_count_each_kind_and_average_the_jobs_whose_value_is_known() -> None:
    later = Engagement("j2", "JOB", "COMPLETED", Amount(601, "KES"), None, NOW + timedelta(1))
    unknown = engagement("j3", "JOB", "COMPLETED", None)
    figures = engagement_figures([LEAD, OFFER, BOOKING, JOB, later, unknown])
    assert (figures.leads, figures.offers, figures.accepted_offers) == (1, 1, 1)
    assert (figures.bookings, figures.completed_bookings, figures.jobs, figures.completed_jobs) == (1, 1, 3, 3)
    assert figures.average_job_values == (Amount(600, "KES"),)
    assert figures.last_time == NOW + timedelta(1)
    assert engagement_figures([]).last_time is None
