"""Name assessors owns the levels of names: given, family, middle, generation, and their order."""

from collections.abc import Sequence

import numpy as np

from services.identity.nicknames import forms_of, has_nicknames
from services.matching.engine import numbers, similarity
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask, Rows
from services.matching.engine.assessors import Assessed, Pairs, agreed, assess_values, uncounted
from services.matching.engine.columns import Column, Columns
from services.matching.engine.profiles import Profile
from services.matching.engine.similarity import Judge

EXACT, NICKNAME, INITIAL, OTHER_GIVEN, GIVEN_NEAR, GIVEN_SIMILAR, GIVEN_DIFFERENT = range(7)
FAMILY_NEAR, FAMILY_PART, FAMILY_SIMILAR, FAMILY_DIFFERENT = range(1, 5)
MIDDLE_INITIAL, MIDDLE_DIFFERENT = range(1, 3)


def assess_given(pairs: Pairs) -> Assessed:
    """Given names: equal, nicknames of one another, an initial, misspelt, alike."""
    assessed = _assess_crossed(pairs, "given", GIVEN_JUDGE)
    apart = np.flatnonzero((assessed.levels > NICKNAME) & ~pairs.crossed_names())
    left, right = pairs.codes("given")
    nicknames = _nicknames(pairs.columns, left[apart], right[apart])
    assessed.levels[apart[nicknames]] = NICKNAME
    _assess_other_given(pairs, assessed)
    return assessed


def _assess_other_given(pairs: Pairs, assessed: Assessed) -> None:
    """Find where the given name of one is a middle name of the other."""
    if not pairs.columns.has("middle"):
        return
    one, other = pairs.exchanged_names()
    unlike = assessed.levels >= GIVEN_SIMILAR
    at = np.flatnonzero((one | other) & unlike)
    assessed.levels[at] = OTHER_GIVEN
    left, right = pairs.codes("given")
    both = one & other
    assessed.values[at] = np.where(one, left, right)[at]
    at = at[both[at]]
    assessed.values[at] = _first_in_order(pairs.columns["given"].values, left[at], right[at])


def assess_family(pairs: Pairs) -> Assessed:
    """Family names: equal, misspelt, one part of a double name, alike."""
    return _assess_crossed(pairs, "family", FAMILY_JUDGE)


def assess_name_order(pairs: Pairs) -> Assessed:
    """Whether given and family name change places."""
    given_left, given_right = pairs.codes("given")
    levels = np.where((given_left >= 0) & (given_right >= 0), 0, MISSING).astype(np.int8)
    levels[pairs.crossed_names()] = 1
    return uncounted(levels)


def assess_middle(pairs: Pairs) -> Assessed:
    """Middle names: equal, an initial of the other, different."""
    left, right = pairs.codes("middle")
    levels = assess_values(pairs, "middle", (left, right), MIDDLE_JUDGE)
    values = agreed(left, levels == EXACT)
    one, other = pairs.exchanged_names()
    levels[one | other] = MISSING
    values[one | other] = MISSING
    at = np.flatnonzero(one & other)
    levels[at], values[at] = EXACT, _last_in_order(pairs.columns["middle"].values, left[at], right[at])
    return Assessed(levels, values)


def assess_suffix(pairs: Pairs) -> Assessed:
    """Generations: a junior is not the senior."""
    left, right = pairs.codes("suffix")
    levels = np.where(left == right, 0, 1).astype(np.int8)
    levels[(left < 0) | (right < 0)] = MISSING
    return uncounted(levels)


def names_agree(given: Levels, family: Levels) -> Mask:
    """Return where two people are namesakes, by what was found for given and family name."""
    return (given >= 0) & (given <= GIVEN_NEAR) & (family >= 0) & (family <= FAMILY_PART)


def names_differ(given: Levels, family: Levels) -> Mask:
    """Return where a given or a family name is another one."""
    differ: Mask = (given == GIVEN_DIFFERENT) | (family == FAMILY_DIFFERENT)
    return differ


def _assess_crossed(pairs: Pairs, attribute: str, judge: Judge) -> Assessed:
    """Assess one name part; where the parts are swapped, that of two spellings that comes first is the given name."""
    left, right = pairs.codes(attribute)
    levels = assess_values(pairs, attribute, (left, right), judge)
    values = agreed(left, levels == EXACT)
    at = np.flatnonzero(pairs.crossed_names())
    if len(at):
        names = pairs.columns[attribute].values
        given, family = pairs.codes("given"), pairs.codes("family")
        found = [
            _crossed(attribute == "given", names, ((a, d), (b, c)))
            for a, b, c, d in zip(
                *(codes[at].tolist() for codes in (given[0], family[0], given[1], family[1])), strict=True
            )
        ]
        levels[at], values[at] = zip(*found, strict=True)
    return Assessed(levels, values)


def _crossed(given: bool, names: Sequence[str], pairs: tuple[tuple[int, int], tuple[int, int]]) -> tuple[int, int]:
    """Return level and value of one name part of two records, given which name of one is which name of the other."""
    first, last = sorted(pairs, key=lambda pair: sorted((names[pair[0]], names[pair[1]])))
    one, other = first if given else last
    return (EXACT, one) if one == other else (GIVEN_NEAR if given else FAMILY_NEAR, MISSING)


def _first_in_order(values: Sequence[str], left: Codes, right: Codes) -> list[int]:
    return [min(pair, key=values.__getitem__) for pair in zip(left.tolist(), right.tolist(), strict=True)]


def _last_in_order(values: Sequence[str], left: Codes, right: Codes) -> list[int]:
    return [max(pair, key=values.__getitem__) for pair in zip(left.tolist(), right.tolist(), strict=True)]


def _nicknames(columns: Columns, left: Codes, right: Codes) -> Rows:
    """Return which pairs of given names stand for one another."""
    number, same = know_nicknames(columns)
    both = np.flatnonzero((number[left] >= 0) & (number[right] >= 0))
    return both[same[number[left[both]], number[right[both]]]]


def know_nicknames(columns: Columns) -> tuple[Codes, Mask]:
    """Return the number of each given name that has nicknames or is one, and which numbers may be one name."""
    return columns.fact("nicknames", lambda: _with_nicknames(columns["given"]))


def _with_nicknames(given: Column) -> tuple[Codes, Mask]:
    used = np.flatnonzero(np.bincount(given.codes[given.codes >= 0], minlength=len(given.values)))
    known = [code for code in used.tolist() if has_nicknames(given.values[code])]
    number = np.full(len(given.values) + 1, MISSING, np.int32)
    number[known] = np.arange(len(known))
    of_form: dict[str, list[int]] = {}
    for place, code in enumerate(known):
        for form in forms_of(given.values[code]):
            of_form.setdefault(form, []).append(place)
    same = np.eye(len(known), dtype=np.bool_)
    for places in of_form.values():
        same[np.ix_(places, places)] = True
    return number, same


def _look_at_given(left: list[str], right: list[str]) -> Levels:
    alike = similarity.jaro_winkler(left, right)
    near = (alike >= similarity.NEAR) | similarity.one_edit(left, right, shortest=4)
    levels = np.where(near, GIVEN_NEAR, np.where(alike >= 0.82, GIVEN_SIMILAR, GIVEN_DIFFERENT)).astype(np.int8)
    levels[numbers.all_numbered_apart(left, right, levels < GIVEN_DIFFERENT)] = GIVEN_DIFFERENT
    initial = _is_initial(left, right)
    return np.where(initial == MISSING, levels, np.where(initial, INITIAL, GIVEN_DIFFERENT)).astype(np.int8)


def _look_at_family(left: list[str], right: list[str]) -> Levels:
    alike = similarity.jaro_winkler(left, right)
    near = (alike >= 0.93) | similarity.one_edit(left, right, shortest=4)
    part = similarity.shared_words(
        [value.replace("-", " ") for value in left], [value.replace("-", " ") for value in right], 99.0
    )
    rest = np.where(near, FAMILY_NEAR, np.where(alike >= 0.85, FAMILY_SIMILAR, FAMILY_DIFFERENT)).astype(np.int8)
    rest[numbers.all_numbered_apart(left, right, rest < FAMILY_DIFFERENT)] = FAMILY_DIFFERENT
    return np.where(part, FAMILY_PART, rest).astype(np.int8)


def _look_at_middle(left: list[str], right: list[str]) -> Levels:
    return np.where(_is_initial(left, right) == 1, MIDDLE_INITIAL, MIDDLE_DIFFERENT).astype(np.int8)


def _is_initial(left: list[str], right: list[str]) -> Levels:
    """Return 1 where one is the other's initial, 0 where it is another's, MISSING where none is an initial."""
    found = (MISSING if len(a) > 1 and len(b) > 1 else int(a[0] == b[0]) for a, b in zip(left, right, strict=True))
    return np.fromiter(found, np.int8, len(left))


def _given_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    initial: Mask = profile.first_letters(left) == profile.first_letters(right)
    initial &= np.minimum(profile.lengths[left], profile.lengths[right]) == 1
    return initial | profile.may_be_near(left, right, 0.82)


def _family_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    double = profile.several_words[left] | profile.several_words[right]
    return double | profile.may_be_near(left, right, 0.85)


def _middle_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    return np.asarray(profile.first_letters(left) == profile.first_letters(right))


GIVEN_JUDGE = Judge(_look_at_given, INITIAL, GIVEN_DIFFERENT, _given_may_be_alike)
FAMILY_JUDGE = Judge(_look_at_family, FAMILY_NEAR, FAMILY_DIFFERENT, _family_may_be_alike)
MIDDLE_JUDGE = Judge(_look_at_middle, MIDDLE_INITIAL, MIDDLE_DIFFERENT, _middle_may_be_alike)
