"""Assessors owns which level of each comparison holds for a pair: one function a comparison, on columns."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from services.matching.engine.arrays import MISSING, Codes, Levels, Mask, Rows, Weights
from services.matching.engine.columns import Columns
from services.matching.engine.similarity import Judge, judged, nearly_equal


@dataclass(slots=True)
class Assessed:
    """The level of each pair (MISSING where a value is missing), and the code of the value agreed on."""

    levels: Levels
    values: Codes
    """In the attribute that the level's frequency is counted of; MISSING where that does not matter."""


@dataclass(slots=True)
class Pairs:
    """Rows to compare, left with right, in the same columns."""

    columns: Columns
    left: Rows
    right: Rows
    at_a_glance: bool = False
    """Whether levels may be too good, but never too bad: values are only looked at as far as that costs nothing."""

    _codes: dict[tuple[str, int, bool], Codes] = field(default_factory=dict)
    _crossed: Mask | None = None

    def __len__(self) -> int:
        return len(self.left)

    def codes(self, attribute: str, slot: tuple[int, int] = (0, 0)) -> tuple[Codes, Codes]:
        """Return the codes of both sides, each from its slot."""
        return self._side(attribute, slot[0], False), self._side(attribute, slot[1], True)

    def _side(self, attribute: str, slot: int, right: bool) -> Codes:
        found = self._codes.get((attribute, slot, right))
        if found is None:
            found = self.columns[attribute].codes[:, slot].take(self.right if right else self.left)
            self._codes[attribute, slot, right] = found
        return found

    def slots(self, attribute: str) -> list[tuple[int, int]]:
        """Return which contact points to compare with which."""
        width = self.columns[attribute].codes.shape[1]
        return [(a, b) for a in range(width) for b in range(width)]

    def crossed_names(self) -> Mask:
        """Return where the given name of each is the family name of the other, one of the two perhaps misspelt."""
        if self._crossed is None:
            given, family = self.codes("given"), self.codes("family")
            known = (given[0] >= 0) & (given[1] >= 0) & (family[0] >= 0) & (family[1] >= 0)
            known &= (given[0] != given[1]) & (family[0] != family[1])
            one, other = known & (given[0] == family[1]), known & (family[0] == given[1])
            misspelt = np.flatnonzero(one ^ other)
            first = one[misspelt]
            left = np.where(first, family[0][misspelt], given[0][misspelt])
            right = np.where(first, given[1][misspelt], family[1][misspelt])
            near = nearly_equal(self.columns["given"].values, left, right)
            known[misspelt[~near]] = False
            self._crossed = known & (one | other)
        return self._crossed

    def exchanged_names(self) -> tuple[Mask, Mask]:
        """Return where the left's given name is the right's middle name, and the other way round."""
        given, middle = self.codes("given"), self.codes("middle")
        unlike = (given[0] >= 0) & (given[1] >= 0) & (given[0] != given[1])
        return unlike & (given[0] == middle[1]), unlike & (given[1] == middle[0])


Assessor = Callable[[Pairs], Assessed]


def uncounted(levels: Levels) -> Assessed:
    """Return levels whose values' frequencies do not matter."""
    return Assessed(levels, np.full(len(levels), MISSING, np.int32))


def assess_values(pairs: Pairs, attribute: str, codes: tuple[Codes, Codes], judge: Judge) -> Levels:
    """Return 0 where the values are equal, what the judge says where they are not, MISSING where one is."""
    left, right = codes
    both = (left >= 0) & (right >= 0)
    if not both.any():
        return np.full(len(left), MISSING, np.int8)
    equal = left == right
    levels = np.where(both & equal, 0, MISSING).astype(np.int8)
    unequal = np.flatnonzero(both & ~equal)
    if len(unequal):
        levels[unequal] = judged(pairs.columns, attribute, left[unequal], right[unequal], judge, pairs.at_a_glance)
    return levels


def agreed(codes: Codes, where: Mask) -> Codes:
    """Return the code of each value agreed on, MISSING elsewhere."""
    return np.where(where, codes, MISSING).astype(np.int32)


def best_of(columns: Columns, alternatives: list[Assessed], counted: dict[int, str]) -> Assessed:
    """Return for each pair its best level, and of equal ones the rarest value; `counted` names their attributes."""
    best = alternatives[0]
    for other in alternatives[1:]:
        better = (other.levels >= 0) & ((best.levels < 0) | (other.levels < best.levels))
        better |= (other.levels == best.levels) & (_rarity(columns, other, counted) < _rarity(columns, best, counted))
        best = Assessed(
            np.where(better, other.levels, best.levels).astype(np.int8),
            np.where(better, other.values, best.values).astype(np.int32),
        )
    return best


def _rarity(columns: Columns, assessed: Assessed, counted: dict[int, str]) -> Weights:
    rarity = np.zeros(len(assessed.levels))
    for level, attribute in counted.items():
        at = np.flatnonzero((assessed.levels == level) & (assessed.values >= 0))
        bits = columns.rate_bits(attribute)
        rarity[at] = 0.0 if bits is None else bits[assessed.values[at]]
    return rarity
