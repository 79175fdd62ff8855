"""Name assessors owns the levels of names: given, family, middle, generation, and their order."""

import numpy as np

from services.identity.nicknames import same_given
from services.matching.engine import similarity
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask, Weights
from services.matching.engine.assessors import Assessed, Pairs, assess_values, rates_where, unrated

EXACT, NICKNAME, INITIAL, GIVEN_NEAR, GIVEN_SIMILAR, GIVEN_DIFFERENT = range(6)
FAMILY_NEAR, FAMILY_PART, FAMILY_SIMILAR, FAMILY_DIFFERENT = range(1, 5)
MIDDLE_INITIAL, MIDDLE_DIFFERENT = range(1, 3)


def assess_given(pairs: Pairs) -> Assessed:
    """Given names: equal, nicknames of one another, an initial, misspelt, alike."""
    return _assess_crossed(pairs, "given", "family", _judge_given)


def assess_family(pairs: Pairs) -> Assessed:
    """Family names: equal, misspelt, one part of a double name, alike."""
    return _assess_crossed(pairs, "family", "given", _judge_family)


def assess_name_order(pairs: Pairs) -> Assessed:
    """Whether given and family name change places."""
    given_left, given_right = pairs.codes("given")
    levels = np.where((given_left >= 0) & (given_right >= 0), 0, MISSING).astype(np.int8)
    levels[pairs.swapped_names()] = 1
    return unrated(levels)


def assess_middle(pairs: Pairs) -> Assessed:
    """Middle names: equal, an initial of the other, different."""
    left, right = pairs.codes("middle")
    levels = assess_values(left, right, pairs.columns["middle"].values, _judge_middle)
    return Assessed(levels, rates_where(pairs.columns, "middle", left, levels == EXACT))


def assess_suffix(pairs: Pairs) -> Assessed:
    """Generations: a junior is not the senior."""
    left, right = pairs.codes("suffix")
    levels = np.where(left == right, 0, 1).astype(np.int8)
    levels[(left < 0) | (right < 0)] = MISSING
    return unrated(levels)


def names_agree(given: Levels, family: Levels) -> Mask:
    """Return where two people are namesakes, by what was found for given and family name."""
    return (given >= 0) & (given <= GIVEN_NEAR) & (family >= 0) & (family <= FAMILY_PART)


def _assess_crossed(pairs: Pairs, attribute: str, other: str, judge: similarity.Judge) -> Assessed:
    left, right = pairs.codes(attribute)
    swapped = pairs.swapped_names()
    right = np.where(swapped, left, right)
    levels = assess_values(left, right, pairs.columns[attribute].values, judge)
    rates = rates_where(pairs.columns, attribute, left, levels == EXACT)
    return Assessed(levels, _highest(pairs, rates, other, left, np.flatnonzero(swapped)))


def _highest(pairs: Pairs, rates: Weights, other: str, codes: Codes, swapped: np.ndarray) -> Weights:
    rates[swapped] = np.maximum(rates[swapped], pairs.columns.rates(other)[codes[swapped]])
    return rates


def _judge_given(left: list[str], right: list[str]) -> Levels:
    alike = similarity.jaro_winkler(left, right)
    near = (alike >= 0.92) | similarity.one_edit(left, right, shortest=4)
    levels = np.where(near, GIVEN_NEAR, np.where(alike >= 0.82, GIVEN_SIMILAR, GIVEN_DIFFERENT)).astype(np.int8)
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        if len(a) == 1 or len(b) == 1:
            levels[index] = INITIAL if a[0] == b[0] else GIVEN_DIFFERENT
        elif same_given(a, b):
            levels[index] = NICKNAME
    return levels


def _judge_family(left: list[str], right: list[str]) -> Levels:
    alike = similarity.jaro_winkler(left, right)
    near = (alike >= 0.93) | similarity.one_edit(left, right, shortest=4)
    part = similarity.shared_words(
        [value.replace("-", " ") for value in left], [value.replace("-", " ") for value in right], 99.0
    )
    rest = np.where(alike >= 0.85, FAMILY_SIMILAR, FAMILY_DIFFERENT)
    return np.where(part, FAMILY_PART, np.where(near, FAMILY_NEAR, rest)).astype(np.int8)


def _judge_middle(left: list[str], right: list[str]) -> Levels:
    return np.fromiter(
        (
            MIDDLE_INITIAL if a[0] == b[0] and (len(a) == 1 or len(b) == 1) else MIDDLE_DIFFERENT
            for a, b in zip(left, right, strict=True)
        ),
        np.int8,
    )
