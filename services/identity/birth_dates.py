"""Birth dates owns how a date of birth is read from the many ways in which people write one."""

# ruff: noqa: SIM905 - word lists are read as text

import re
from datetime import date

from services.identity.text import clean, fold

LONGEST_DATE = 40

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMBERS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?: .*)?")
_DAY_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]*([^\W\d_]{3,})[-/., ]*(\d{4})")
_NAMED_DAY = re.compile(r"([^\W\d_]{3,})[-/. ]*(\d{1,2})(?:st|nd|rd|th)?[-/., ]*(\d{4})")
_YEAR = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan janv gen|feb fev febr|mar mars marz maerz|apr avr abr|may mai maggio mayo|jun juin giu|jul juil lug"
        "|aug aout ago|sep sept set|oct okt ott|nov|dec dez dic".split("|"),
        start=1,
    )
    for name in names.split()
}
_MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW"})
_TWO_DIGIT_PIVOT = 30


def normalize_birth_date(text: str, region: str = "US") -> str:
    """Return the date as YYYY-MM-DD (or YYYY-MM, YYYY); an unreadable one as folded text.

    A year that stands first is followed by month and day, impossible ones too: the other parts may still agree.
    """
    folded = fold(clean(text, LONGEST_DATE))
    month_first = region.upper() in _MONTH_FIRST
    if match := _ISO.fullmatch(folded):
        found = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
    elif match := _COMPACT.fullmatch(folded):
        found = _date(int(match[1]), int(match[2]), int(match[3]))
        found = found or _numeric(int(folded[:2]), int(folded[2:4]), folded[4:], month_first)
    elif match := _NUMBERS.fullmatch(folded):
        found = _numeric(int(match[1]), int(match[2]), match[3], month_first)
    elif match := _DAY_NAMED.fullmatch(folded):
        found = _date(int(match[3]), _month(match[2]), int(match[1]))
    elif match := _NAMED_DAY.fullmatch(folded):
        found = _date(int(match[3]), _month(match[1]), int(match[2]))
    elif match := _YEAR.fullmatch(folded):
        found = _year_and_month(match[1], match[2])
    else:
        found = ""
    return found or folded


def _numeric(first: int, second: int, year: str, month_first: bool) -> str:
    century = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= _TWO_DIGIT_PIVOT else 2000)
    month, day = (first, second) if month_first else (second, first)
    return _date(century, month, day) or _date(century, day, month)


def _year_and_month(year: str, month: str | None) -> str:
    if month is None:
        return year
    return f"{year}-{int(month):02d}" if 1 <= int(month) <= 12 else ""


def _month(name: str) -> int:
    return _MONTHS.get(name) or _MONTHS.get(name[:4]) or _MONTHS.get(name[:3], 0)


def _date(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
