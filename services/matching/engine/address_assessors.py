"""Address assessors owns the levels of the street address and of the place it lies in."""

import numpy as np

from services.matching.engine import similarity
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask
from services.matching.engine.assessors import Assessed, Pairs, assess_values, best_of

EXACT, OTHER_UNIT, NEAR, SAME_STREET, SAME_NUMBER, DIFFERENT = range(6)
BOTH, POSTCODE, CITY, PLACE_NEAR, ELSEWHERE = range(5)


def assess_address(pairs: Pairs) -> Assessed:
    """Street address: house number, street and unit."""
    found = [_address(pairs, slot) for slot in pairs.slots("street")]
    return best_of(pairs.columns, found, {EXACT: "line", OTHER_UNIT: "line", SAME_STREET: "street"})


def assess_locality(pairs: Pairs) -> Assessed:
    """Place: postcode and city, either of them misspelt or missing."""
    found = [_locality(pairs, slot) for slot in pairs.slots("city")]
    return best_of(pairs.columns, found, {BOTH: "postcode", POSTCODE: "postcode", CITY: "city"})


def _address(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    street = pairs.codes("street", slot)
    number = pairs.codes("house_number", slot)
    unit = pairs.codes("unit", slot)
    streets = assess_values(*street, pairs.columns["street"].values, _judge_street)
    numbers = assess_values(*number, pairs.columns["house_number"].values, _judge_number)
    units_differ = (unit[0] != unit[1]) & _both(unit)
    at_home = (streets == 0) & (numbers == 0)
    near = (streets >= 0) & (streets <= 1) & (numbers >= 0) & (numbers <= 1)
    levels = np.select(
        [streets == MISSING, at_home & ~units_differ, at_home, near, streets == 0, numbers == 0],
        [MISSING, EXACT, OTHER_UNIT, NEAR, SAME_STREET, SAME_NUMBER],
        DIFFERENT,
    ).astype(np.int8)
    line = pairs.codes("line", slot)[0]
    values = np.select([at_home, levels == SAME_STREET], [line, street[0]], MISSING)
    return Assessed(levels, values.astype(np.int32))


def _locality(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    postcode = pairs.codes("postcode", slot)
    city = pairs.codes("city", slot)
    codes = assess_values(*postcode, pairs.columns["postcode"].values, _judge_number)
    cities = assess_values(*city, pairs.columns["city"].values, _judge_city)
    near = (codes == 1) | (cities == 1)
    levels = np.select(
        [(codes == MISSING) & (cities == MISSING), (codes == 0) & (cities <= 0), codes == 0, cities == 0, near],
        [MISSING, BOTH, POSTCODE, CITY, PLACE_NEAR],
        ELSEWHERE,
    ).astype(np.int8)
    values = np.select([codes == 0, levels == CITY], [postcode[0], city[0]], MISSING)
    return Assessed(levels, values.astype(np.int32))


def _both(codes: tuple[Codes, Codes]) -> Mask:
    return (codes[0] >= 0) & (codes[1] >= 0)


def _judge_street(left: list[str], right: list[str]) -> Levels:
    near = similarity.shared_words(left, right, 86.0) | (similarity.jaro_winkler(left, right) >= 0.92)
    return np.where(near, 1, 2).astype(np.int8)


def _judge_number(left: list[str], right: list[str]) -> Levels:
    return np.where(similarity.one_edit(left, right, shortest=3), 1, 2).astype(np.int8)


def _judge_city(left: list[str], right: list[str]) -> Levels:
    near = similarity.shared_words(left, right, 90.0) | (similarity.jaro_winkler(left, right) >= 0.9)
    return np.where(near, 1, 2).astype(np.int8)
