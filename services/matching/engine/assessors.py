"""Assessors owns which level of each comparison holds for a pair: one function a comparison, on columns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.matching.engine.arrays import MISSING, Codes, Levels, Mask, Rows, Weights
from services.matching.engine.columns import Columns
from services.matching.engine.similarity import Judge, judged


@dataclass(slots=True)
class Assessed:
    """The level of each pair (MISSING where a value is missing), and how frequent the agreed value is."""

    levels: Levels
    rates: Weights
    """NaN where the level's own probability counts."""


@dataclass(slots=True)
class Pairs:
    """Rows to compare, left with right, in the same columns."""

    columns: Columns
    left: Rows
    right: Rows

    def __len__(self) -> int:
        return len(self.left)

    def codes(self, attribute: str, slot: tuple[int, int] = (0, 0)) -> tuple[Codes, Codes]:
        """Return the codes of both sides, each from its slot."""
        codes = self.columns[attribute].codes
        return codes[self.left, slot[0]], codes[self.right, slot[1]]

    def slots(self, attribute: str) -> list[tuple[int, int]]:
        """Return which contact points to compare with which."""
        width = self.columns[attribute].codes.shape[1]
        return [(a, b) for a in range(width) for b in range(width)]

    def swapped_names(self) -> Mask:
        """Return where the given name of each is the family name of the other."""
        given_left, given_right = self.codes("given")
        family_left, family_right = self.codes("family")
        crossed = (given_left == family_right) & (family_left == given_right)
        return crossed & (given_left >= 0) & (family_left >= 0) & (given_left != given_right)


Assessor = Callable[[Pairs], Assessed]


def unrated(levels: Levels) -> Assessed:
    """Return levels whose values' frequencies do not matter."""
    return Assessed(levels, np.full(len(levels), np.nan))


def assess_values(left: Codes, right: Codes, values: list[str], judge: Judge) -> Levels:
    """Return 0 where the values are equal, what the judge says where they are not, MISSING where one is."""
    levels = np.where(left == right, 0, MISSING).astype(np.int8)
    both = (left >= 0) & (right >= 0)
    levels[~both] = MISSING
    unequal = np.flatnonzero(both & (left != right))
    levels[unequal] = judged(values, values, left[unequal], right[unequal], judge)
    return levels


def rates_where(columns: Columns, attribute: str, codes: Codes, where: Mask) -> Weights:
    """Return the rate of each agreed value, NaN elsewhere."""
    rates = np.full(len(codes), np.nan)
    rates[where] = columns.rates(attribute)[codes[where]]
    return rates


def best_of(alternatives: list[Assessed]) -> Assessed:
    """Return for each pair its best level, and of equal ones the rarest value."""
    best = alternatives[0]
    for other in alternatives[1:]:
        rarer = (other.levels == best.levels) & (other.rates < best.rates)
        better = (other.levels >= 0) & ((best.levels < 0) | (other.levels < best.levels)) | rarer
        best = Assessed(
            np.where(better, other.levels, best.levels).astype(np.int8), np.where(better, other.rates, best.rates)
        )
    return best
