"""Numbers owns where two values differ by a number: what is numbered on purpose is another one, not misspelt."""

import re
from collections.abc import Callable
from itertools import compress

import numpy as np

from services.matching.engine.arrays import Mask

_RUN = re.compile(r"\d+")
_SERIES = 2
"""Last digits that count within a series: a block of phones, the houses of a street."""


def numbered_apart(one: str, other: str) -> bool:
    """Return whether two values are the same but for the numbers that both have: room101 and room102."""
    return one != other and not one.isalpha() and _without_numbers(one) == _without_numbers(other)


def neighbours(one: str, other: str) -> bool:
    """Return whether one of the last two characters, a digit in both, makes the difference: one number of a series."""
    if len(one) != len(other) or one[:-_SERIES] != other[:-_SERIES]:
        return False
    unequal = [(a, b) for a, b in zip(one[-_SERIES:], other[-_SERIES:], strict=True) if a != b]
    return len(unequal) == 1 and all(map(str.isdecimal, unequal[0]))


def all_numbered_apart(left: list[str], right: list[str], among: Mask) -> Mask:
    """Return which of some pairs of values are the same but for their numbers."""
    return _each(numbered_apart, left, right, among)


def all_neighbours(left: list[str], right: list[str], among: Mask) -> Mask:
    """Return which of some pairs of values are neighbours in a series."""
    return _each(neighbours, left, right, among)


def _each(holds: Callable[[str, str], bool], left: list[str], right: list[str], among: Mask) -> Mask:
    found = np.zeros(len(left), np.bool_)
    chosen = among.tolist()
    found[among] = [holds(a, b) for a, b in zip(compress(left, chosen), compress(right, chosen), strict=True)]
    return found


def _without_numbers(value: str) -> str:
    return _RUN.sub("#", value)
