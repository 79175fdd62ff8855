"""Name assessors owns the levels of names: given, family, middle, generation, and their order."""

import numpy as np

from services.identity.nicknames import same_given
from services.matching.engine import similarity
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask
from services.matching.engine.assessors import Assessed, Pairs, agreed, assess_values, uncounted

EXACT, NICKNAME, INITIAL, GIVEN_NEAR, GIVEN_SIMILAR, GIVEN_DIFFERENT = range(6)
FAMILY_NEAR, FAMILY_PART, FAMILY_SIMILAR, FAMILY_DIFFERENT = range(1, 5)
MIDDLE_INITIAL, MIDDLE_DIFFERENT = range(1, 3)


def assess_given(pairs: Pairs) -> Assessed:
    """Given names: equal, nicknames of one another, an initial, misspelt, alike."""
    return _assess_crossed(pairs, "given", _judge_given)


def assess_family(pairs: Pairs) -> Assessed:
    """Family names: equal, misspelt, one part of a double name, alike."""
    return _assess_crossed(pairs, "family", _judge_family)


def assess_name_order(pairs: Pairs) -> Assessed:
    """Whether given and family name change places."""
    given_left, given_right = pairs.codes("given")
    levels = np.where((given_left >= 0) & (given_right >= 0), 0, MISSING).astype(np.int8)
    levels[pairs.swapped_names()] = 1
    return uncounted(levels)


def assess_middle(pairs: Pairs) -> Assessed:
    """Middle names: equal, an initial of the other, different."""
    left, right = pairs.codes("middle")
    levels = assess_values(left, right, pairs.columns["middle"].values, _judge_middle)
    return Assessed(levels, agreed(left, levels == EXACT))


def assess_suffix(pairs: Pairs) -> Assessed:
    """Generations: a junior is not the senior."""
    left, right = pairs.codes("suffix")
    levels = np.where(left == right, 0, 1).astype(np.int8)
    levels[(left < 0) | (right < 0)] = MISSING
    return uncounted(levels)


def names_agree(given: Levels, family: Levels) -> Mask:
    """Return where two people are namesakes, by what was found for given and family name."""
    return (given >= 0) & (given <= GIVEN_NEAR) & (family >= 0) & (family <= FAMILY_PART)


def _assess_crossed(pairs: Pairs, attribute: str, judge: similarity.Judge) -> Assessed:
    """Assess one name part; where the parts are swapped, both records hold the same two values."""
    left, right = pairs.codes(attribute)
    swapped = pairs.swapped_names()
    levels = assess_values(left, np.where(swapped, left, right), pairs.columns[attribute].values, judge)
    values = agreed(left, levels == EXACT)
    first = _first_in_order if attribute == "given" else _last_in_order
    at = np.flatnonzero(swapped)
    values[at] = first(pairs.columns[attribute].values, left[at], right[at])
    return Assessed(levels, values)


def _first_in_order(values: list[str], left: Codes, right: Codes) -> list[int]:
    return [min(pair, key=values.__getitem__) for pair in zip(left.tolist(), right.tolist(), strict=True)]


def _last_in_order(values: list[str], left: Codes, right: Codes) -> list[int]:
    return [max(pair, key=values.__getitem__) for pair in zip(left.tolist(), right.tolist(), strict=True)]


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
