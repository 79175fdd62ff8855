"""Shares owns how often each level occurs among weighted pairs, beside what was shipped."""

from dataclasses import dataclass

import numpy as np

from services.matching.domain.model import RARE, Model
from services.matching.engine.arrays import Levels, Weights
from services.matching.engine.scoring import Gamma

SHIPPED_PAIRS = 20.0
"""How many pairs the shipped shares count as, beside those observed."""


def shares(levels: Levels, weights: Weights, shipped: list[float]) -> Weights:
    """Return the share of each level among weighted pairs, never quite nothing."""
    observed = np.bincount(levels + 1, weights=weights, minlength=len(shipped) + 1)[1:]
    counted = observed + SHIPPED_PAIRS * np.array(shipped)
    return np.asarray(np.maximum(counted / max(counted.sum(), RARE), RARE))


@dataclass(slots=True)
class Observed:
    """How many random pairs reach each level of each comparison."""

    pairs: float
    levels: list[Weights]
    same_given: list[Weights]
    """Those among them whose given names are the same."""

    def __add__(self, other: "Observed") -> "Observed":
        return Observed(
            self.pairs + other.pairs,
            [one + further for one, further in zip(self.levels, other.levels, strict=True)],
            [one + further for one, further in zip(self.same_given, other.same_given, strict=True)],
        )


def observed_levels(random: Gamma, model: Model) -> Observed:
    """Return how many random pairs reach each level of each comparison."""
    sizes = [len(comparison.levels) for comparison in model.comparisons]
    same = random.alike.given
    return Observed(
        float(len(random)),
        [_counts(levels, size) for levels, size in zip(random.levels, sizes, strict=True)],
        [_counts(levels[same], size) for levels, size in zip(random.levels, sizes, strict=True)],
    )


def _counts(levels: Levels, size: int) -> Weights:
    return np.bincount(levels + 1, minlength=size + 1)[1:].astype(np.float64)
