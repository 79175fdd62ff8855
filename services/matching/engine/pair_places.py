"""Pair places owns the levels of one pair's street addresses and places."""

from services.identity.addresses import PostalAddress
from services.matching.domain.attributes import address_line
from services.matching.domain.identity_record import Identity
from services.matching.engine import address_assessors
from services.matching.engine.pair_texts import MISSING, Found, Rarity, best, cut, jaro_winkler, one_edit, shared_words

_STREET_NEAR, _CITY_NEAR = cut(0.92), cut(0.9)


def address(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the street addresses that agree best."""
    return best(_address, left.addresses, right.addresses, rarity)


def _address(one: PostalAddress, other: PostalAddress) -> Found:
    if not (one.street and other.street):
        return MISSING
    numbers = _number(one.house_number, other.house_number)
    if one.street == other.street:
        if numbers == 0:
            apart = one.unit != other.unit and one.unit and other.unit
            line = address_line(one.house_number, one.street)
            return address_assessors.OTHER_UNIT if apart else address_assessors.EXACT, "line", line
        return (
            (address_assessors.NEAR, "", "") if numbers == 1 else (address_assessors.SAME_STREET, "street", one.street)
        )
    if numbers in (0, 1) and _street_near(one.street, other.street):
        return address_assessors.NEAR, "", ""
    if numbers == 0:
        return address_assessors.SAME_NUMBER, "house_number", one.house_number
    return address_assessors.DIFFERENT, "", ""


def locality(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the places that agree best."""
    return best(_locality, left.addresses, right.addresses, rarity)


def _locality(one: PostalAddress, other: PostalAddress) -> Found:
    codes, cities = _number(one.postcode, other.postcode), _city(one.city, other.city)
    if codes == cities == -1:
        return MISSING
    if codes == 0:
        return address_assessors.BOTH if cities <= 0 else address_assessors.POSTCODE, "postcode", one.postcode
    if cities == 0:
        return address_assessors.CITY, "city", one.city
    near = codes == 1 or cities == 1
    return address_assessors.PLACE_NEAR if near else address_assessors.ELSEWHERE, "", ""


def _number(one: str, other: str) -> int:
    if not (one and other):
        return -1
    return 0 if one == other else (1 if one_edit(one, other, 3) else 2)


def _street_near(one: str, other: str) -> bool:
    return jaro_winkler(one, other) >= _STREET_NEAR or shared_words(one, other, 86.0)


def _city(one: str, other: str) -> int:
    if not (one and other):
        return -1
    if one == other:
        return 0
    return 1 if jaro_winkler(one, other) >= _CITY_NEAR or shared_words(one, other, 90.0) else 2
