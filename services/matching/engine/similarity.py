"""Similarity owns how alike two values are, asked once for each pair of distinct values."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio
from rapidfuzz.process import cpdist

from services.matching.engine.arrays import Codes, Levels, Mask

Judge = Callable[[list[str], list[str]], Levels]
"""Returns a level for each pair of unequal values; the pair's order never matters."""

Scores = NDArray[np.float32]


def judged(left_values: list[str], right_values: list[str], left: Codes, right: Codes, judge: Judge) -> Levels:
    """Return the level of each pair of codes; each distinct pair of values is judged once."""
    if not len(left):
        return np.zeros(0, np.int8)
    pairs, where = np.unique(left.astype(np.int64) * len(right_values) + right, return_inverse=True)
    lefts, rights = np.divmod(pairs, len(right_values))
    first = [left_values[code] for code in lefts.tolist()]
    second = [right_values[code] for code in rights.tolist()]
    ordered = [(a, b) if a <= b else (b, a) for a, b in zip(first, second, strict=True)]
    return judge([a for a, _ in ordered], [b for _, b in ordered])[where]


def jaro_winkler(left: list[str], right: list[str]) -> Scores:
    """Return Jaro-Winkler similarities, 0 to 1."""
    return cpdist(left, right, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)


def one_edit(left: list[str], right: list[str], shortest: int) -> Mask:
    """Return where one typing error, or two swapped neighbours, makes the difference."""
    distance = cpdist(left, right, scorer=OSA.distance, score_cutoff=1, dtype=np.int32)
    long_enough = np.fromiter(
        (len(a) >= shortest and len(b) >= shortest for a, b in zip(left, right, strict=True)), np.bool_
    )
    return (distance <= 1) & long_enough


def same_words(left: list[str], right: list[str], least: float) -> Mask:
    """Return where the words are nearly the same, in any order."""
    return cpdist(left, right, scorer=token_sort_ratio, score_cutoff=least, dtype=np.float32) >= least


def shared_words(left: list[str], right: list[str], least: float) -> Mask:
    """Return where nearly all words of one value are in the other."""
    return cpdist(left, right, scorer=token_set_ratio, score_cutoff=least, dtype=np.float32) >= least


def one_contains_other(left: list[str], right: list[str], shortest: int) -> Mask:
    """Return where one value stands at the beginning or the end of the other."""
    return np.fromiter((_contained(a, b, shortest) for a, b in zip(left, right, strict=True)), np.bool_)


def _contained(one: str, other: str, shortest: int) -> bool:
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return len(short) >= shortest and (long.startswith(short) or long.endswith(short))
