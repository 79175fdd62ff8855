"""Band owns the pairs of a scan that are neither plainly one nor plainly two, those with the most impact of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.matching.domain.review_item import urgency
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.results import Result


@dataclass(slots=True)
class Uncertain:
    """Pairs of input rows, those with the most impact first."""

    left: Rows
    right: Rows
    weights: Weights
    confidence: Levels
    impact: Rows
    seen: int = 0
    """How many there were, of which these are kept."""

    def __len__(self) -> int:
        return len(self.left)

    def parts(self, size: int) -> Iterator["Uncertain"]:
        """Yield some at a time."""
        for start in range(0, len(self), size):
            yield self.chosen(np.arange(start, min(start + size, len(self))))

    def chosen(self, places: Rows) -> "Uncertain":
        """Return those at some places, in the order of these."""
        ends = self.left[places], self.right[places]
        return Uncertain(*ends, self.weights[places], self.confidence[places], self.impact[places], self.seen)

    def with_more(self, more: "Uncertain") -> "Uncertain":
        """Return these and others."""
        return Uncertain(
            np.concatenate([self.left, more.left]),
            np.concatenate([self.right, more.right]),
            np.concatenate([self.weights, more.weights]),
            np.concatenate([self.confidence, more.confidence]),
            np.concatenate([self.impact, more.impact]),
            self.seen + len(more),
        )

    def best(self, most: int) -> "Uncertain":
        """Return those with the most impact; of equal ones the likelier, then those of the first rows."""
        order = np.lexsort((self.right, self.left, -self.weights, -self.impact))
        return self.chosen(order[:most])


def uncertain_pairs(result: Result, band: tuple[int, int], records: Rows, shut: Rows, most: int) -> Uncertain:
    """Return the pairs from the first confidence of the band up to, and without, the second one.

    `records` says for each input row how many records it stands for; the impact of a pair is as for review items. Two
    rows with one number of zero or more in `shut` are no question.
    """
    least, below = band
    urgencies = np.array([urgency(one) for one in range(101)])
    nothing = np.empty(0, np.int64)
    found = Uncertain(nothing, nothing, np.empty(0), np.empty(0, np.int8), nothing)
    for part in result.parts(least):
        kept = (part.confidence < below) & ((shut[part.left] < 0) | (shut[part.left] != shut[part.right]))
        left, right, confidence = part.left[kept], part.right[kept], part.confidence[kept]
        impact = (records[left] + records[right] - 1) * urgencies[confidence]
        found = found.with_more(Uncertain(left, right, part.weights[kept], confidence, impact)).best(most)
    return found
