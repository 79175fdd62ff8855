"""Pair names owns the levels of the names of one pair: given, family, middle, generation, and their order."""

from services.identity.nicknames import has_nicknames, same_given
from services.matching.domain.identity_record import Identity
from services.matching.engine import name_assessors
from services.matching.engine.pair_texts import MISSING, Found, Rarity, cut, jaro_winkler, one_edit, shared_words

_GIVEN_NEAR, _GIVEN_SIMILAR = cut(0.92), cut(0.82)
_FAMILY_NEAR, _FAMILY_SIMILAR = cut(0.93), cut(0.85)


def swapped(left: Identity, right: Identity) -> bool:
    """Return whether the given name of each is the family name of the other."""
    one, other = left.name, right.name
    return bool(one.given and one.family and one.given == other.family and one.family == other.given != one.given)


def given(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the given names."""
    one, other = left.name.given, right.name.given
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "given", one
    if swapped(left, right):
        return 0, "given", min(one, other)
    level = _given(one, other)
    if level > name_assessors.NICKNAME and has_nicknames(one) and has_nicknames(other) and same_given(one, other):
        level = name_assessors.NICKNAME
    return level, "", ""


def _given(one: str, other: str) -> int:
    if len(one) == 1 or len(other) == 1:
        return name_assessors.INITIAL if one[0] == other[0] else name_assessors.GIVEN_DIFFERENT
    alike = jaro_winkler(one, other)
    if alike >= _GIVEN_NEAR or one_edit(one, other, 4):
        return name_assessors.GIVEN_NEAR
    return name_assessors.GIVEN_SIMILAR if alike >= _GIVEN_SIMILAR else name_assessors.GIVEN_DIFFERENT


def family(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the family names."""
    one, other = left.name.family, right.name.family
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "family", one
    if swapped(left, right):
        return 0, "family", max(one, other)
    return _family(one, other), "", ""


def _family(one: str, other: str) -> int:
    if (" " in one or "-" in one or " " in other or "-" in other) and (
        shared_words(one.replace("-", " "), other.replace("-", " "), 99.0)
    ):
        return name_assessors.FAMILY_PART
    alike = jaro_winkler(one, other)
    if alike >= _FAMILY_NEAR or one_edit(one, other, 4):
        return name_assessors.FAMILY_NEAR
    return name_assessors.FAMILY_SIMILAR if alike >= _FAMILY_SIMILAR else name_assessors.FAMILY_DIFFERENT


def name_order(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return whether given and family name change places."""
    if not (left.name.given and right.name.given):
        return MISSING
    return int(swapped(left, right)), "", ""


def middle(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the middle names."""
    one, other = left.name.middle, right.name.middle
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "middle", one
    initial = (len(one) == 1 or len(other) == 1) and one[0] == other[0]
    return name_assessors.MIDDLE_INITIAL if initial else name_assessors.MIDDLE_DIFFERENT, "", ""


def suffix(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return whether the generations are the same."""
    one, other = left.name.suffix, right.name.suffix
    return (int(one != other), "", "") if one and other else MISSING
