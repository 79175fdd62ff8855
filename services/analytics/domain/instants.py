"""Points in time as requests say them, and whole days between them where a company is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.runtime.failures import FieldCheck

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01
_LAST_SECOND = 253_402_300_799  # 9999-12-31
_NOT_A_TIME = "must be a time between the years 1 and 9999"


@dataclass(frozen=True, slots=True)
class InstantInput:
    """A time as a request says it, in seconds since 1970 and billionths of one."""

    seconds: int
    nanos: int


def checked_instant(given: InstantInput | None, check: FieldCheck, field: str) -> datetime | None:
    """The time to the microsecond, None where none is given; what is wrong is noted under the field's path."""
    if given is None:
        return None
    good = _FIRST_SECOND <= given.seconds <= _LAST_SECOND and 0 <= given.nanos < 1_000_000_000
    if not check.require(good, field, _NOT_A_TIME):
        return None
    return _EPOCH + timedelta(seconds=given.seconds, microseconds=given.nanos // 1000)


def days_between(earlier: datetime, later: datetime, time_zone: str) -> int:
    """How many midnights of the time zone lie between; less than 0 where `later` is on an earlier day."""
    zone = _zone(time_zone)
    return (_day(later, zone) - _day(earlier, zone)).days


def _day(instant: datetime, zone: ZoneInfo) -> datetime:
    try:
        local = instant.astimezone(zone)
    except OverflowError:  # the first and the last day of the calendar have no local time everywhere
        local = instant
    return datetime(local.year, local.month, local.day, tzinfo=UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
