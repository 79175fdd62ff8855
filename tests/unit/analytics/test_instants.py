"""Times are kept to the microsecond, and days change at midnight where the company is."""

from datetime import UTC, datetime, timedelta

import pytest

from services.analytics.domain.instants import InstantInput, checked_instant, days_between
from services.runtime.failures import FieldCheck

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def checked(given: InstantInput | None) -> tuple[datetime | None, int]:
    check = FieldCheck()
    return checked_instant(given, check, "time"), len(check.violations)


def test_no_time_is_no_error() -> None:
    assert checked(None) == (None, 0)


def test_a_time_is_cut_to_the_microsecond() -> None:
    assert checked(InstantInput(0, 1_999)) == (datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), 0)


@pytest.mark.parametrize("seconds", [-62_135_596_800, 253_402_300_799])
def test_the_ends_of_the_calendar_are_times(seconds: int) -> None:
    assert checked(InstantInput(seconds, 999_999_999))[1] == 0


@pytest.mark.parametrize(
    "given",
    [InstantInput(-62_135_596_801, 0), InstantInput(253_402_300_800, 0), InstantInput(0, -1), InstantInput(0, 10**9)],
)
def test_what_is_no_time_is_noted(given: InstantInput) -> None:
    assert checked(given) == (None, 1)


@pytest.mark.parametrize(
    ("hours", "zone", "days"),
    [
        (8, "Africa/Nairobi", 0),
        (9, "Africa/Nairobi", 1),
        (11, "UTC", 0),
        (12, "UTC", 1),
        (-13, "UTC", -1),
        (24 * 365, "America/New_York", 365),
        (12, "Nowhere/Atall", 1),
        (12, "../../etc/passwd", 1),
    ],
)
def test_days_are_midnights_between(hours: int, zone: str, days: int) -> None:
    assert days_between(NOON, NOON + timedelta(hours=hours), zone) == days


def test_a_day_of_25_hours_is_one_day() -> None:
    before, after = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert days_between(before, after, "America/New_York") == 1


def test_the_ends_of_the_calendar_have_days_everywhere() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert days_between(first, last, zone) == 3_652_058
