"""Address assessors owns the levels of the street address and of the place it lies in."""

import numpy as np

from services.matching.engine import similarity
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask, first_of
from services.matching.engine.assessors import Assessed, Pairs, assess_values, best_of
from services.matching.engine.profiles import Profile
from services.matching.engine.similarity import Judge, judged

EXACT, OTHER_UNIT, NEAR, SAME_STREET, SAME_NUMBER, DIFFERENT = range(6)
BOTH, POSTCODE, CITY, PLACE_NEAR, ELSEWHERE = range(5)


def assess_address(pairs: Pairs) -> Assessed:
    """Street address: house number, street and unit."""
    found = [_address(pairs, slot) for slot in pairs.slots("street")]
    counted = {EXACT: "line", OTHER_UNIT: "line", SAME_STREET: "street", SAME_NUMBER: "house_number"}
    return best_of(pairs.columns, found, counted)


def assess_locality(pairs: Pairs) -> Assessed:
    """Place: postcode and city, either of them misspelt or missing."""
    found = [_locality(pairs, slot) for slot in pairs.slots("city")]
    return best_of(pairs.columns, found, {BOTH: "postcode", POSTCODE: "postcode", CITY: "city"})


def _address(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    street, number, unit = (pairs.codes(attribute, slot) for attribute in ("street", "house_number", "unit"))
    numbers = assess_values(pairs, "house_number", number, NUMBER_JUDGE)
    streets = _streets(pairs, street, worth_a_look=(numbers >= 0) & (numbers <= 1))
    units_differ = (unit[0] != unit[1]) & _both(unit)
    at_home = (streets == 0) & (numbers == 0)
    near = (streets >= 0) & (streets <= 1) & (numbers >= 0) & (numbers <= 1)
    cases: list[tuple[Mask, int]] = [
        (streets == MISSING, MISSING),
        (at_home & ~units_differ, EXACT),
        (at_home, OTHER_UNIT),
        (near, NEAR),
        (streets == 0, SAME_STREET),
        (numbers == 0, SAME_NUMBER),
    ]
    levels = first_of(len(pairs), cases, DIFFERENT).astype(np.int8)
    line = pairs.codes("line", slot)[0]
    cases_agreed = [(at_home, line), (levels == SAME_STREET, street[0]), (levels == SAME_NUMBER, number[0])]
    return Assessed(levels, first_of(len(pairs), cases_agreed, MISSING))


def _streets(pairs: Pairs, street: tuple[Codes, Codes], worth_a_look: Mask) -> Levels:
    """Return 0 for the same street, 1 for one nearly the same at nearly the same number, else 2."""
    levels = np.where(_both(street), np.where(street[0] == street[1], 0, 2), MISSING).astype(np.int8)
    look = np.flatnonzero(worth_a_look & (levels == 2))
    levels[look] = judged(pairs.columns, "street", street[0][look], street[1][look], STREET_JUDGE, pairs.at_a_glance)
    return levels


def _locality(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    postcode, city = pairs.codes("postcode", slot), pairs.codes("city", slot)
    codes = assess_values(pairs, "postcode", postcode, NUMBER_JUDGE)
    cities = assess_values(pairs, "city", city, CITY_JUDGE)
    near = (codes == 1) | (cities == 1)
    cases: list[tuple[Mask, int]] = [
        ((codes == MISSING) & (cities == MISSING), MISSING),
        ((codes == 0) & (cities <= 0), BOTH),
        (codes == 0, POSTCODE),
        (cities == 0, CITY),
        (near, PLACE_NEAR),
    ]
    levels = first_of(len(pairs), cases, ELSEWHERE).astype(np.int8)
    return Assessed(levels, first_of(len(pairs), [(codes == 0, postcode[0]), (levels == CITY, city[0])], MISSING))


def _both(codes: tuple[Codes, Codes]) -> Mask:
    return (codes[0] >= 0) & (codes[1] >= 0)


def _look_at_street(left: list[str], right: list[str]) -> Levels:
    near = similarity.shared_words(left, right, 86.0) | (similarity.jaro_winkler(left, right) >= 0.92)
    return np.where(near, 1, 2).astype(np.int8)


def _look_at_number(left: list[str], right: list[str]) -> Levels:
    return np.where(similarity.one_edit(left, right, shortest=3), 1, 2).astype(np.int8)


def _look_at_city(left: list[str], right: list[str]) -> Levels:
    near = similarity.shared_words(left, right, 90.0) | (similarity.jaro_winkler(left, right) >= 0.9)
    return np.where(near, 1, 2).astype(np.int8)


def _street_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    """Words in common make up most of one street, or most letters are the same."""
    few = np.float32(0.25)
    missing, further = profile.letters_apart(left, right)
    contained: Mask = missing <= few * profile.lengths[left] + 1
    contained |= further <= few * profile.lengths[right] + 1
    return contained | (profile.most_alike(left, right) >= 0.92)


def _city_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    several = profile.several_words[left] | profile.several_words[right]
    return several | (profile.most_alike(left, right) >= 0.89)


STREET_JUDGE = Judge(_look_at_street, 1, 2, _street_may_be_alike)
NUMBER_JUDGE = Judge(_look_at_number, 1, 2, Profile.may_be_one_edit)
CITY_JUDGE = Judge(_look_at_city, 1, 2, _city_may_be_alike)
