"""Duplicate counts owns how common a value is among different people, when some records are one person's."""

import numpy as np

from services.matching.domain.model import Model
from services.matching.engine.arrays import Codes, Mask, Rows, Weights
from services.matching.engine.columns import Columns
from services.matching.engine.scoring import Gamma

_MOST_DUPLICATES = 0.98
_NAMES = ("given", "family", "organization")
_CLASSES = 64
_FEWEST_NAMED = 10.0


def discount_duplicates(columns: Columns, gamma: Gamma, match: Weights, scale: Weights, model: Model) -> None:
    """Set the frequencies to those among strangers: of the pairs that agree on a value, matches are left out.

    Values are taken together that equally many records hold, since one value alone shows too little. Each pair stands
    for `scale` of them.
    """
    named, match = _named(gamma, model), match * scale
    matches: dict[str, Weights] = {}
    for comparison, levels, values in zip(model.comparisons, gamma.levels, gamma.values, strict=True):
        for number, level in enumerate(comparison.levels):
            if level.frequency_of:
                at = np.flatnonzero((levels == number) & (values >= 0))
                sizes = _size_classes(columns.counts(level.frequency_of))[values[at]]
                agreed = _matches(sizes, match[at], scale[at], named[at])
                matches[level.frequency_of] = matches.get(level.frequency_of, np.zeros(_CLASSES)) + agreed
    for attribute, found in matches.items():
        others = columns.counts(attribute).astype(np.float64) - 1.0
        classes = _size_classes(columns.counts(attribute))
        agreeing = np.bincount(classes, weights=others * (others + 1.0) / 2.0, minlength=_CLASSES)
        duplicates = np.minimum(found / np.maximum(agreeing, 1.0), _MOST_DUPLICATES)
        columns.set_others(attribute, others * (1.0 - duplicates[classes]))


def _named(gamma: Gamma, model: Model) -> Mask:
    """Return the pairs whose names can be compared."""
    named = np.zeros(len(gamma), np.bool_)
    for comparison, levels in zip(model.comparisons, gamma.levels, strict=True):
        if comparison.name in _NAMES:
            named |= levels >= 0
    return named


def _matches(sizes: Rows, match: Weights, scale: Weights, named: Mask) -> Weights:
    """Return how many matches there are in each class; pairs without names are as often matches as those with them."""
    told = np.bincount(sizes, weights=match * named, minlength=_CLASSES)
    pairs = np.bincount(sizes, weights=scale * named, minlength=_CLASSES)
    others = np.bincount(sizes, weights=match * ~named, minlength=_CLASSES)
    nameless = np.bincount(sizes, weights=scale * ~named, minlength=_CLASSES)
    alike = nameless * told / np.maximum(pairs, 1.0)
    return np.asarray(told + np.where(pairs >= _FEWEST_NAMED, np.maximum(others, alike), others))


def _size_classes(counts: Codes) -> Rows:
    """Return the class of each count: 1, 2, 3-4, 5-8 and so on."""
    return np.asarray(np.ceil(np.log2(np.maximum(counts, 1))), np.int64)
