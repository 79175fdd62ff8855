"""Similarity owns how alike two values are, asked once for each pair of distinct values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio
from rapidfuzz.process import cpdist

from services.matching.engine.arrays import Codes, Levels, Mask
from services.matching.engine.columns import Columns
from services.matching.engine.profiles import Profile

Scores = NDArray[np.float32]

NEAR = 0.92
"""The Jaro-Winkler similarity from which on given names are misspelt rather than different."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Gives unequal values their level; the order of the two never matters."""

    look: Callable[[list[str], list[str]], Levels]
    best: int
    """The best level that a look can give."""

    different: int
    """The level of values that cannot be alike, by what their profiles show."""

    may_be_alike: Callable[[Profile, Codes, Codes], Mask]


def judged(
    columns: Columns, attribute: str, left: Codes, right: Codes, judge: Judge, at_a_glance: bool = False
) -> Levels:
    """Return the level of each pair of unequal codes; each distinct pair that may be alike is looked at once.

    At a glance nothing is looked at: what may be alike gets the best level that it could have.
    """
    levels = np.full(len(left), judge.different, np.int8)
    if len(left):
        close = np.flatnonzero(judge.may_be_alike(columns.profile(attribute), left, right))
        if len(close):
            values = columns[attribute].values
            levels[close] = judge.best if at_a_glance else _looked_at(values, left[close], right[close], judge)
    return levels


def _looked_at(values: Sequence[str], left: Codes, right: Codes, judge: Judge) -> Levels:
    low, high = np.minimum(left, right).astype(np.int64), np.maximum(left, right)
    pairs, where = np.unique(low * len(values) + high, return_inverse=True)
    lefts, rights = np.divmod(pairs, len(values))
    ordered = [
        (values[a], values[b]) if values[a] <= values[b] else (values[b], values[a])
        for a, b in zip(lefts.tolist(), rights.tolist(), strict=True)
    ]
    return judge.look([a for a, _ in ordered], [b for _, b in ordered])[where]


def jaro_winkler(left: list[str], right: list[str]) -> Scores:
    """Return Jaro-Winkler similarities, 0 to 1."""
    return cpdist(left, right, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)


def one_edit(left: list[str], right: list[str], shortest: int) -> Mask:
    """Return where one typing error, or two swapped neighbours, makes the difference."""
    distance = cpdist(left, right, scorer=OSA.distance, score_cutoff=1, dtype=np.int32)
    lengths = (np.fromiter(map(len, side), np.int64, len(side)) for side in (left, right))
    long_enough: Mask = np.minimum(*lengths) >= shortest
    return (distance <= 1) & long_enough


def nearly_equal(values: Sequence[str], left: Codes, right: Codes) -> Mask:
    """Return which values differ by a typing error alone."""
    ordered = [
        (values[a], values[b]) if values[a] <= values[b] else (values[b], values[a])
        for a, b in zip(left.tolist(), right.tolist(), strict=True)
    ]
    ones, others = [a for a, _ in ordered], [b for _, b in ordered]
    return (jaro_winkler(ones, others) >= NEAR) | one_edit(ones, others, shortest=4)


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
