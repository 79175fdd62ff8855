"""Duplicate counts owns how common a value is among different people, when some records are one person's."""

import numpy as np

from services.matching.domain.model import Model
from services.matching.engine.arrays import Codes, Rows, Weights
from services.matching.engine.columns import Columns
from services.matching.engine.scoring import Gamma

_MOST_DUPLICATES = 0.98


def discount_duplicates(columns: Columns, gamma: Gamma, match: Weights, model: Model) -> None:
    """Set the frequencies to those among strangers: of the pairs that agree on a value, matches are left out.

    Values are taken together that equally many records hold, since one value alone shows too little.
    """
    matches: dict[str, Weights] = {}
    for comparison, levels, values in zip(model.comparisons, gamma.levels, gamma.values, strict=True):
        for number, level in enumerate(comparison.levels):
            if level.frequency_of:
                at = np.flatnonzero((levels == number) & (values >= 0))
                sizes = _size_classes(columns.counts(level.frequency_of))[values[at]]
                agreed = np.bincount(sizes, weights=match[at], minlength=64)
                matches[level.frequency_of] = matches.get(level.frequency_of, np.zeros(64)) + agreed
    for attribute, found in matches.items():
        others = columns.counts(attribute).astype(np.float64) - 1.0
        classes = _size_classes(columns.counts(attribute))
        agreeing = np.bincount(classes, weights=others * (others + 1.0) / 2.0, minlength=64)
        duplicates = np.minimum(found / np.maximum(agreeing, 1.0), _MOST_DUPLICATES)
        columns.set_others(attribute, others * (1.0 - duplicates[classes]))


def _size_classes(counts: Codes) -> Rows:
    """Return the class of each count: 1, 2, 3-4, 5-8 and so on."""
    return np.asarray(np.ceil(np.log2(np.maximum(counts, 1))), np.int64)
