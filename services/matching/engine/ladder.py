"""Ladder owns how pairs climb it: e-mail and phone by equality, else how similar the names are."""

from dataclasses import dataclass

import numpy as np
from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.process import cpdist

from services.matching.domain.ladder import NOTHING, Ladder, confidence_of, rung_of_similarity, weight_of
from services.matching.engine.arrays import MISSING, Levels, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import Columns

_NAME_PARTS = ("given", "middle", "family", "suffix", "organization")
_DIGITS = 6


@dataclass(slots=True)
class Climbed:
    """Totals, confidences, and for each comparison its weights: those of the first rung that holds."""

    total: Weights
    confidence: Levels
    weights: list[Weights]


def rungs(pairs: Pairs) -> list[Levels]:
    """Return the levels of e-mail, phone and name."""
    return [_same(pairs, "email"), _same(pairs, "phone"), _names(pairs)]


def climb(levels: list[Levels], model: Ladder) -> Climbed:
    """Return what the first rung that holds says of each pair."""
    confidence = np.zeros(len(levels[0]), np.int8)
    weights = []
    for comparison, found in zip(model.comparisons, levels, strict=True):
        table = [confidence_of(comparison.name, level) for level in range(len(comparison.levels))]
        reached = np.array([*table, 0], np.int8)[found]
        holds = (confidence == 0) & (reached > 0)
        confidence[holds] = reached[holds]
        weights.append(np.where(holds, np.array([*map(weight_of, table), 0.0])[found], 0.0))
    total = np.round(np.log2(NOTHING) + sum(weights), _DIGITS)
    return Climbed(total, confidence, weights)


def _same(pairs: Pairs, attribute: str) -> Levels:
    """Return 0 where a value is shared, 1 where none is, MISSING where one side has none."""
    levels = np.full(len(pairs), MISSING, np.int8)
    for slot in pairs.slots(attribute):
        left, right = pairs.codes(attribute, slot)
        both = (left >= 0) & (right >= 0)
        levels[both & (levels == MISSING)] = 1
        levels[both & (left == right)] = 0
    return levels


def _names(pairs: Pairs) -> Levels:
    left, right = _texts(pairs.columns, pairs.left), _texts(pairs.columns, pairs.right)
    percent = np.floor(cpdist(left, right, scorer=token_sort_ratio, dtype=np.float64)).astype(np.int64)
    found = np.array([rung_of_similarity(one) for one in percent.tolist()], np.int8)
    known = np.fromiter((bool(a and b) for a, b in zip(left, right, strict=True)), np.bool_, len(left))
    return np.where(known, found, MISSING).astype(np.int8)


def _texts(columns: Columns, rows: Rows) -> list[str]:
    """Return the whole name of each row."""
    parts = []
    for attribute in _NAME_PARTS:
        values = [*columns[attribute].values, ""]
        parts.append([values[code] for code in columns[attribute].codes[rows, 0].tolist()])
    return [" ".join(filter(None, row)) for row in zip(*parts, strict=True)]
