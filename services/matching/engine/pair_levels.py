"""Pair levels owns the level of each comparison for one pair, without arrays, which cost more where pairs are few.

It says what the assessors say of many pairs at once; a property test holds the two together.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio

from services.identity.addresses import PostalAddress
from services.identity.nicknames import has_nicknames, same_given
from services.matching.domain.attributes import SHORTEST_LOCAL, address_line
from services.matching.domain.identity_record import Identity
from services.matching.engine import (
    address_assessors,
    birth_date_assessor,
    contact_assessors,
    email_name_assessor,
    name_assessors,
)

Found = tuple[int, str, str]
"""A level, and the attribute and value agreed on; '' where the value does not matter."""

T = TypeVar("T")
Rarity = Callable[[str, str], float]
MISSING: Found = (-1, "", "")

_alike = JaroWinkler.normalized_similarity


def _cut(least: float) -> float:
    """Return the least number that is not below the limit once it is rounded to 32 bits, as in arrays."""
    limit = np.float32(least)
    middle = (float(limit) + float(np.nextafter(limit, np.float32(0)))) / 2
    return middle if np.float32(middle) >= limit else float(np.nextafter(middle, 1.0))


_GIVEN_NEAR, _GIVEN_SIMILAR = _cut(0.92), _cut(0.82)
_FAMILY_NEAR, _FAMILY_SIMILAR = _cut(0.93), _cut(0.85)
_EMAIL_NEAR, _ORGANIZATION_NEAR, _STREET_NEAR, _CITY_NEAR = _cut(0.97), _cut(0.93), _cut(0.92), _cut(0.9)


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
    alike = _jaro_winkler(one, other)
    if alike >= _GIVEN_NEAR or _one_edit(one, other, 4):
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
        _shared_words(one.replace("-", " "), other.replace("-", " "), 99.0)
    ):
        return name_assessors.FAMILY_PART
    alike = _jaro_winkler(one, other)
    if alike >= _FAMILY_NEAR or _one_edit(one, other, 4):
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


def organization(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the organisations' names."""
    one, other = left.organization, right.organization
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "organization", one
    near = token_sort_ratio(*_ordered(one, other)) >= 88.0 or _jaro_winkler(one, other) >= _ORGANIZATION_NEAR
    return contact_assessors.NEAR if near else contact_assessors.DIFFERENT, "", ""


def email(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the e-mails that agree best."""
    return _best(_email, left.emails, right.emails, rarity)


def _email(one: str, other: str) -> Found:
    if one == other:
        return 0, "email", one
    local = _email_local(one)
    if local and local == _email_local(other):
        return contact_assessors.SAME_LOCAL, "email_local", local
    near = _jaro_winkler(one, other) >= _EMAIL_NEAR or _one_edit(one, other, 8)
    return contact_assessors.EMAIL_NEAR if near else contact_assessors.EMAIL_DIFFERENT, "", ""


def email_name(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return whether a name that one record lacks stands in its e-mail."""
    if not (left.emails or right.emails) or _share_a_local(left.emails, right.emails):
        return MISSING
    best = email_name_assessor.NO_NAME + 1
    for one, other in ((left, right), (right, left)):
        names = _open_names(one, other) if other.emails else ()
        for email in other.emails if names else ():
            best = min(best, email_name_assessor.name_found(names, email))
    return (best, "", "") if best <= email_name_assessor.NO_NAME else MISSING


def _share_a_local(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    known = {local for email in ours if (local := _email_local(email))} if theirs else ()
    return bool(known) and any(_email_local(email) in known for email in theirs)


def _email_local(email: str) -> str:
    end = email.rfind("@")
    return email[:end] if end >= SHORTEST_LOCAL else ""


def _open_names(one: Identity, other: Identity) -> Sequence[str]:
    ours, theirs = one.name, other.name
    if ours.given == theirs.given and ours.family == theirs.family:
        return ()
    known = (theirs.given, theirs.family)
    names = (ours.given, ours.family)
    return [name for name in names if len(name) >= email_name_assessor.SHORTEST_NAME and name not in known]


def phone(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the phones that agree best."""
    return _best(_phone, left.phones, right.phones, rarity)


def _phone(one: str, other: str) -> Found:
    if one == other:
        return 0, "phone", one
    near = _one_edit(one, other, 6) or _contained(one, other, 7)
    return contact_assessors.NEAR if near else contact_assessors.DIFFERENT, "", ""


def external_id(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the identifiers that agree best."""
    return _best(_external_id, left.external_ids, right.external_ids, rarity)


def _external_id(one: str, other: str) -> Found:
    if one == other:
        return 0, "external_id", one
    return contact_assessors.NEAR if _one_edit(one, other, 4) else contact_assessors.DIFFERENT, "", ""


def address(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the street addresses that agree best."""
    return _best(_address, left.addresses, right.addresses, rarity)


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
    return _best(_locality, left.addresses, right.addresses, rarity)


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


def birth_date(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the birth dates."""
    one, other = left.birth_date, right.birth_date
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "birth_date", one
    level = _dates(*birth_date_assessor.date_parts([one, other])[:2].tolist())
    return (level, "birth_year", one[:4]) if level == birth_date_assessor.SAME_YEAR else (level, "", "")


def _dates(one: list[int], other: list[int]) -> int:
    if not (one[0] and other[0]):
        return birth_date_assessor.DIFFERENT
    same = [a == b for a, b in zip(one, other, strict=True)]
    if one[2] and other[2]:
        if same[0] and one[1] == other[2] and one[2] == other[1]:
            return birth_date_assessor.SWAPPED
        if sum(same) >= 2:
            return birth_date_assessor.NEAR
    if same[0]:
        return birth_date_assessor.SAME_YEAR
    close = abs(one[0] - other[0]) <= birth_date_assessor.CLOSE
    return birth_date_assessor.CLOSE_YEAR if close else birth_date_assessor.DIFFERENT


LEVELS: dict[str, tuple[Callable[[Identity, Identity, Rarity], Found], int]] = {
    "given": (given, 6),
    "family": (family, 5),
    "name_order": (name_order, 2),
    "middle": (middle, 3),
    "suffix": (suffix, 2),
    "organization": (organization, 3),
    "email": (email, 4),
    "email_name": (email_name, 3),
    "phone": (phone, 3),
    "address": (address, 6),
    "locality": (locality, 5),
    "birth_date": (birth_date, 6),
    "external_id": (external_id, 3),
}
"""By comparison, with the number of levels that it knows."""


def _best(compare: Callable[[T, T], Found], ours: Sequence[T], theirs: Sequence[T], rarity: Rarity) -> Found:
    """Return the best level of any two values, and of equal ones the rarest value."""
    if len(ours) == len(theirs) == 1:
        return compare(ours[0], theirs[0])
    best = MISSING
    for one in ours:
        for other in theirs:
            found = compare(one, other)
            if _is_better(found, best, rarity):
                best = found
    return best


def _is_better(other: Found, best: Found, rarity: Rarity) -> bool:
    if other[0] == best[0]:
        return bool(other[1]) and rarity(other[1], other[2]) < rarity(best[1], best[2])
    return other[0] >= 0 and (best[0] < 0 or other[0] < best[0])


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _jaro_winkler(one: str, other: str) -> float:
    return _alike(one, other) if one <= other else _alike(other, one)


def _one_edit(one: str, other: str, shortest: int) -> bool:
    return (
        len(one) >= shortest
        and len(other) >= shortest
        and abs(len(one) - len(other)) <= 1
        and OSA.distance(*_ordered(one, other), score_cutoff=1) <= 1
    )


def _shared_words(one: str, other: str, least: float) -> bool:
    return token_set_ratio(*_ordered(one, other), score_cutoff=least) >= least


def _contained(one: str, other: str, shortest: int) -> bool:
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return len(short) >= shortest and (long.startswith(short) or long.endswith(short))


def _number(one: str, other: str) -> int:
    if not (one and other):
        return -1
    return 0 if one == other else (1 if _one_edit(one, other, 3) else 2)


def _street_near(one: str, other: str) -> bool:
    return _jaro_winkler(one, other) >= _STREET_NEAR or _shared_words(one, other, 86.0)


def _city(one: str, other: str) -> int:
    if not (one and other):
        return -1
    if one == other:
        return 0
    return 1 if _jaro_winkler(one, other) >= _CITY_NEAR or _shared_words(one, other, 90.0) else 2
