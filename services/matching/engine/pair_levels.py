"""Pair levels owns the level of each comparison for one pair, without arrays, which cost more where pairs are few.

It says what the assessors say of many pairs at once; a property test holds the two together.
"""

from collections.abc import Callable

from services.matching.domain.identity_record import Identity
from services.matching.engine import birth_date_assessor, pair_contacts, pair_names, pair_places
from services.matching.engine.pair_texts import MISSING, Found, Rarity

__all__ = ["LEVELS", "Found"]


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
    "given": (pair_names.given, 7),
    "family": (pair_names.family, 5),
    "name_order": (pair_names.name_order, 2),
    "middle": (pair_names.middle, 3),
    "suffix": (pair_names.suffix, 2),
    "organization": (pair_contacts.organization, 3),
    "email": (pair_contacts.email, 5),
    "email_name": (pair_contacts.email_name, 3),
    "phone": (pair_contacts.phone, 5),
    "address": (pair_places.address, 6),
    "locality": (pair_places.locality, 5),
    "birth_date": (birth_date, 6),
    "external_id": (pair_contacts.external_id, 4),
}
"""By comparison, with the number of levels that it knows."""
