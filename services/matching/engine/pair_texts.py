"""Pair texts owns how alike two single values are, and the best level of several, without arrays."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_set_ratio

Found = tuple[int, str, str]
"""A level, and the attribute and value agreed on; '' where the value does not matter."""

T = TypeVar("T")
Rarity = Callable[[str, str], float]
MISSING: Found = (-1, "", "")

_alike = JaroWinkler.normalized_similarity


def cut(least: float) -> float:
    """Return the least number that is not below the limit once it is rounded to 32 bits, as in arrays."""
    limit = np.float32(least)
    middle = (float(limit) + float(np.nextafter(limit, np.float32(0)))) / 2
    return middle if np.float32(middle) >= limit else float(np.nextafter(middle, 1.0))


def best(compare: Callable[[T, T], Found], ours: Sequence[T], theirs: Sequence[T], rarity: Rarity) -> Found:
    """Return the best level of any two values, and of equal ones the rarest value."""
    if len(ours) == len(theirs) == 1:
        return compare(ours[0], theirs[0])
    found = MISSING
    for one in ours:
        for other in theirs:
            another = compare(one, other)
            if _is_better(another, found, rarity):
                found = another
    return found


def _is_better(other: Found, best: Found, rarity: Rarity) -> bool:
    if other[0] == best[0]:
        return bool(other[1]) and rarity(other[1], other[2]) < rarity(best[1], best[2])
    return other[0] >= 0 and (best[0] < 0 or other[0] < best[0])


def ordered(one: str, other: str) -> tuple[str, str]:
    """Return two values in their order, so that the order of a pair cannot change how alike they are."""
    return (one, other) if one <= other else (other, one)


def jaro_winkler(one: str, other: str) -> float:
    """Return the Jaro-Winkler similarity, 0 to 1."""
    return _alike(one, other) if one <= other else _alike(other, one)


def one_edit(one: str, other: str, shortest: int) -> bool:
    """Return whether one typing error, or two swapped neighbours, makes the difference."""
    return (
        len(one) >= shortest
        and len(other) >= shortest
        and abs(len(one) - len(other)) <= 1
        and OSA.distance(*ordered(one, other), score_cutoff=1) <= 1
    )


def shared_words(one: str, other: str, least: float) -> bool:
    """Return whether the words of one are nearly those of the other, or among them."""
    return token_set_ratio(*ordered(one, other), score_cutoff=least) >= least
