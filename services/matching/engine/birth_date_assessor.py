"""Birth date assessor owns the levels of birth dates: day and month swapped, one part wrong, year alone."""

import re
from collections.abc import Sequence

import numpy as np

from services.matching.engine.arrays import MISSING, Codes, Mask, first_of
from services.matching.engine.assessors import Assessed, Pairs, uncounted

EXACT, SWAPPED, NEAR, SAME_YEAR, CLOSE_YEAR, DIFFERENT = range(6)

CLOSE = 2
"""Years that are close: ages are often rounded, or told at another time of the year."""

_PARTS = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def assess_birth_date(pairs: Pairs) -> Assessed:
    """Birth dates that agree in two of three parts are near: most typing errors spoil only one."""
    columns = pairs.columns
    if not columns.has("birth_date"):
        return uncounted(np.full(len(pairs), MISSING, np.int8))
    left, right = pairs.codes("birth_date")
    dates = columns.fact("parts of birth dates", lambda: date_parts(columns["birth_date"].values))
    (year, month, day), (other_year, other_month, other_day) = dates[left].T, dates[right].T
    same_year, same_month, same_day = year == other_year, month == other_month, day == other_day
    known = (year > 0) & (other_year > 0)
    whole = known & (day > 0) & (other_day > 0)
    swapped = whole & same_year & (month == other_day) & (day == other_month)
    near = whole & (same_year.astype(np.int8) + same_month + same_day >= 2)
    cases: list[tuple[Mask, int]] = [
        ((left < 0) | (right < 0), MISSING),
        (left == right, EXACT),
        (swapped, SWAPPED),
        (near, NEAR),
        (known & same_year, SAME_YEAR),
        (known & (np.abs(year - other_year) <= CLOSE), CLOSE_YEAR),
    ]
    levels = first_of(len(pairs), cases, DIFFERENT).astype(np.int8)
    years = pairs.codes("birth_year")[0]
    return Assessed(levels, first_of(len(pairs), [(levels == EXACT, left), (levels == SAME_YEAR, years)], MISSING))


def date_parts(values: Sequence[str]) -> Codes:
    """Return year, month and day of each date as integers, 0 where unknown; a last row stands for missing."""
    found = [match.groups("0") if (match := _PARTS.fullmatch(value)) else ("0", "0", "0") for value in values]
    return np.array([*found, ("0", "0", "0")], dtype=np.int32)
