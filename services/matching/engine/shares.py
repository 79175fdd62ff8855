"""Shares owns how often each level occurs among weighted pairs, beside what was shipped."""

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


def observed_levels(random: Gamma, model: Model) -> list[Weights]:
    """Return how many random pairs reach each level of each comparison."""
    return [
        np.bincount(levels + 1, minlength=len(comparison.levels) + 1)[1:].astype(np.float64)
        for comparison, levels in zip(model.comparisons, random.levels, strict=True)
    ]
