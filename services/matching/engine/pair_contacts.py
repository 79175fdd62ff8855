"""Pair contacts owns the levels of one pair's e-mails, phones, identifiers and organisations."""

from collections.abc import Sequence

from rapidfuzz.fuzz import token_sort_ratio

from services.matching.domain.attributes import SHORTEST_LOCAL
from services.matching.domain.identity_record import Identity
from services.matching.engine import contact_assessors, email_name_assessor, numbers
from services.matching.engine.pair_texts import MISSING, Found, Rarity, best, cut, jaro_winkler, one_edit, ordered

_EMAIL_NEAR, _ORGANIZATION_NEAR = cut(0.97), cut(0.93)


def organization(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the organisations' names."""
    one, other = left.organization, right.organization
    if not (one and other):
        return MISSING
    if one == other:
        return 0, "organization", one
    near = token_sort_ratio(*ordered(one, other)) >= 88.0 or jaro_winkler(one, other) >= _ORGANIZATION_NEAR
    near = near and not numbers.numbered_apart(one, other)
    return contact_assessors.NEAR if near else contact_assessors.DIFFERENT, "", ""


def email(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the e-mails that agree best."""
    return best(_email, left.emails, right.emails, rarity)


def _email(one: str, other: str) -> Found:
    if one == other:
        return 0, "email", one
    local = _email_local(one)
    if local and local == _email_local(other):
        return contact_assessors.SAME_LOCAL, "email_local", local
    if not (jaro_winkler(one, other) >= _EMAIL_NEAR or one_edit(one, other, 8)):
        return contact_assessors.EMAIL_DIFFERENT, "", ""
    apart = numbers.numbered_apart(one, other)
    return contact_assessors.OTHER_NUMBER if apart else contact_assessors.EMAIL_NEAR, "", ""


def email_name(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return whether a name that one record lacks stands in its e-mail."""
    if not (left.emails or right.emails) or _share_a_local(left.emails, right.emails):
        return MISSING
    level = email_name_assessor.NO_NAME + 1
    for one, other in ((left, right), (right, left)):
        names = _open_names(one, other) if other.emails else ()
        for email in other.emails if names else ():
            level = min(level, email_name_assessor.name_found(names, email))
    return (level, "", "") if level <= email_name_assessor.NO_NAME else MISSING


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
    return best(_phone, left.phones, right.phones, rarity)


def _phone(one: str, other: str) -> Found:
    if one == other:
        return 0, "phone", one
    if _contained(one, other, 7):
        return contact_assessors.PHONE_PART, "", ""
    if not one_edit(one, other, 6):
        return contact_assessors.PHONE_DIFFERENT, "", ""
    apart = numbers.neighbours(one, other)
    return contact_assessors.PHONE_NEIGHBOURING if apart else contact_assessors.PHONE_NEAR, "", ""


def external_id(left: Identity, right: Identity, rarity: Rarity) -> Found:
    """Return the level of the identifiers that agree best."""
    return best(_external_id, left.external_ids, right.external_ids, rarity)


def _external_id(one: str, other: str) -> Found:
    if one == other:
        return 0, "external_id", one
    if not one_edit(one, other, 4):
        return contact_assessors.NUMBER_DIFFERENT, "", ""
    return contact_assessors.NEIGHBOURING if numbers.neighbours(one, other) else contact_assessors.NEAR, "", ""


def _contained(one: str, other: str, shortest: int) -> bool:
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return len(short) >= shortest and (long.startswith(short) or long.endswith(short))
