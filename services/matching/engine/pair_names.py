"""Pair names owns the levels of the names of one pair: given, family, middle, generation, and their order."""

from services.identity.nicknames import has_nicknames, same_given
from services.matching.domain.identity_record import Identity
from services.matching.engine import name_assessors, numbers
from services.matching.engine.pair_texts import (
    MISSING,
    Found,
    Rarity,
    cut,
    jaro_winkler,
    one_edit,
    ordered,
    shared_words,
)
from services.matching.engine.similarity import NEAR

_GIVEN_NEAR, _GIVEN_SIMILAR = cut(NEAR), cut(0.82)
_FAMILY_NEAR, _FAMILY_SIMILAR = cut(0.93), cut(0.85)


def swapped(left: Identity, right: Identity) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Return which name of one record is which of the other where given and family name change places, else None.

    One of the two may be misspelt. Of the two names that which comes first counts as the given one.
    """
    (given, _, family, _), (other_given, _, other_family, _) = left.name, right.name
    if not (given and family and other_given and other_family) or given == other_given or family == other_family:
        return None
    if given != other_family and (family != other_given or not _near(given, other_family)):
        return None
    if family != other_given and not _near(family, other_given):
        return None
    one, other = ordered(given, other_family), ordered(family, other_given)
    return (one, other) if one <= other else (other, one)


def _near(one: str, other: str) -> bool:
    return jaro_winkler(one, other) >= _GIVEN_NEAR or one_edit(one, other, 4)


def given(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the given names."""
    one, other = left.name.given, right.name.given
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "given", one
    crossed = swapped(left, right)
    if crossed:
        one, other = crossed[0]
        return (0, "given", one) if one == other else (name_assessors.GIVEN_NEAR, "", "")
    level = _given(one, other)
    if level > name_assessors.NICKNAME and has_nicknames(one) and has_nicknames(other) and same_given(one, other):
        level = name_assessors.NICKNAME
    if level < name_assessors.GIVEN_SIMILAR:
        return level, "", ""
    exchanged = [name for name in _exchanged(left, right) if name]
    return (name_assessors.OTHER_GIVEN, "given", min(exchanged)) if exchanged else (level, "", "")


def _exchanged(left: Identity, right: Identity) -> tuple[str, str]:
    """Return the left's given name where it is the right's middle name, and the right's where it is the left's."""
    one, other = left.name, right.name
    if not (one.given and other.given) or one.given == other.given:
        return "", ""
    return one.given if one.given == other.middle else "", other.given if other.given == one.middle else ""


def _given(one: str, other: str) -> int:
    if len(one) == 1 or len(other) == 1:
        return name_assessors.INITIAL if one[0] == other[0] else name_assessors.GIVEN_DIFFERENT
    if numbers.numbered_apart(one, other):
        return name_assessors.GIVEN_DIFFERENT
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
    crossed = swapped(left, right)
    if crossed:
        one, other = crossed[1]
        return (0, "family", one) if one == other else (name_assessors.FAMILY_NEAR, "", "")
    return _family(one, other), "", ""


def _family(one: str, other: str) -> int:
    if (" " in one or "-" in one or " " in other or "-" in other) and (
        shared_words(one.replace("-", " "), other.replace("-", " "), 99.0)
    ):
        return name_assessors.FAMILY_PART
    if numbers.numbered_apart(one, other):
        return name_assessors.FAMILY_DIFFERENT
    alike = jaro_winkler(one, other)
    if alike >= _FAMILY_NEAR or one_edit(one, other, 4):
        return name_assessors.FAMILY_NEAR
    return name_assessors.FAMILY_SIMILAR if alike >= _FAMILY_SIMILAR else name_assessors.FAMILY_DIFFERENT


def name_order(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return whether given and family name change places."""
    if not (left.name.given and right.name.given):
        return MISSING
    return int(swapped(left, right) is not None), "", ""


def middle(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the middle names."""
    one, other = left.name.middle, right.name.middle
    if not (one and other):
        return MISSING
    exchanged = _exchanged(left, right)
    if any(exchanged):
        return (0, "middle", max(one, other)) if all(exchanged) else MISSING
    if one == other:
        return 0, "middle", one
    initial = (len(one) == 1 or len(other) == 1) and one[0] == other[0]
    return name_assessors.MIDDLE_INITIAL if initial else name_assessors.MIDDLE_DIFFERENT, "", ""


def suffix(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return whether the generations are the same."""
    one, other = left.name.suffix, right.name.suffix
    return (int(one != other), "", "") if one and other else MISSING
