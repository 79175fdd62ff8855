"""Contact assessors owns the levels of e-mail, phone and identifiers, each with several values a record."""

import numpy as np

from services.matching.engine import numbers, similarity
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask
from services.matching.engine.assessors import Assessed, Pairs, agreed, assess_values, best_of, uncounted
from services.matching.engine.profiles import Profile
from services.matching.engine.similarity import Judge

EXACT, SAME_LOCAL, EMAIL_NEAR, OTHER_NUMBER, EMAIL_DIFFERENT = range(5)
NEAR, DIFFERENT = range(1, 3)
NEIGHBOURING, NUMBER_DIFFERENT = range(2, 4)
PHONE_PART, PHONE_NEAR, PHONE_NEIGHBOURING, PHONE_DIFFERENT = range(1, 5)


def assess_email(pairs: Pairs) -> Assessed:
    """E-mail: the same mailbox, the same local part elsewhere, misspelt, another number of the same kind."""
    found = [_email(pairs, slot) for slot in pairs.slots("email")]
    return best_of(pairs.columns, found, {EXACT: "email", SAME_LOCAL: "email_local"})


def assess_phone(pairs: Pairs) -> Assessed:
    """Phone: the same number, one number without its prefix, one digit off, a neighbour in a block of numbers."""
    return _best(pairs, "phone", PHONE_JUDGE)


def assess_external_id(pairs: Pairs) -> Assessed:
    """Identifiers: equal, one typing error apart, or neighbours in a series."""
    return _best(pairs, "external_id", ID_JUDGE)


def assess_organization(pairs: Pairs) -> Assessed:
    """Organisation: the same name without its legal form, or nearly."""
    return _best(pairs, "organization", ORGANIZATION_JUDGE)


def assess_further(pairs: Pairs, attribute: str) -> Assessed:
    """A further column: the same, or nearly."""
    if attribute not in pairs.columns.base:
        return uncounted(np.full(len(pairs), MISSING, np.int8))
    return _best(pairs, attribute, ORGANIZATION_JUDGE)


def _email(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    left, right = pairs.codes("email", slot)
    local, local_right = pairs.codes("email_local", slot)
    levels = assess_values(pairs, "email", (left, right), EMAIL_JUDGE)
    same_local = (levels > SAME_LOCAL) & (local == local_right) & (local >= 0)
    levels[same_local] = SAME_LOCAL
    return Assessed(levels, np.where(same_local, local, agreed(left, levels == EXACT)).astype(np.int32))


def _best(pairs: Pairs, attribute: str, judge: Judge) -> Assessed:
    found = []
    for slot in pairs.slots(attribute):
        left, right = pairs.codes(attribute, slot)
        levels = assess_values(pairs, attribute, (left, right), judge)
        found.append(Assessed(levels, agreed(left, levels == EXACT)))
    return best_of(pairs.columns, found, {EXACT: attribute})


def _look_at_email(left: list[str], right: list[str]) -> Levels:
    near = similarity.one_edit(left, right, shortest=8) | (similarity.jaro_winkler(left, right) >= 0.97)
    levels = np.where(near, EMAIL_NEAR, EMAIL_DIFFERENT).astype(np.int8)
    levels[numbers.all_numbered_apart(left, right, near)] = OTHER_NUMBER
    return levels


def _look_at_phone(left: list[str], right: list[str]) -> Levels:
    near = similarity.one_edit(left, right, shortest=6)
    levels = np.where(near, PHONE_NEAR, PHONE_DIFFERENT).astype(np.int8)
    levels[numbers.all_neighbours(left, right, near)] = PHONE_NEIGHBOURING
    levels[similarity.one_contains_other(left, right, shortest=7)] = PHONE_PART
    return levels


def _look_at_id(left: list[str], right: list[str]) -> Levels:
    near = similarity.one_edit(left, right, shortest=4)
    levels = np.where(near, NEAR, NUMBER_DIFFERENT).astype(np.int8)
    levels[numbers.all_neighbours(left, right, near)] = NEIGHBOURING
    return levels


def _look_at_organization(left: list[str], right: list[str]) -> Levels:
    near = similarity.same_words(left, right, 88.0) | (similarity.jaro_winkler(left, right) >= 0.93)
    near &= ~numbers.all_numbered_apart(left, right, near)
    return np.where(near, NEAR, DIFFERENT).astype(np.int8)


def _email_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    return profile.may_be_near(left, right, 0.97)


def _phone_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    unshared = profile.unshared(left, right)
    contained: Mask = unshared <= np.abs(profile.lengths[left] - profile.lengths[right])
    return contained | (unshared <= 2)


def _organization_may_be_alike(profile: Profile, left: Codes, right: Codes) -> Mask:
    together = profile.lengths[left] + profile.lengths[right]
    same_letters = profile.unshared(left, right) <= 0.12 * together + 2
    return same_letters | (profile.most_alike(left, right) >= 0.93)


EMAIL_JUDGE = Judge(_look_at_email, EMAIL_NEAR, EMAIL_DIFFERENT, _email_may_be_alike)
PHONE_JUDGE = Judge(_look_at_phone, PHONE_PART, PHONE_DIFFERENT, _phone_may_be_alike)
ID_JUDGE = Judge(_look_at_id, NEAR, NUMBER_DIFFERENT, Profile.may_be_one_edit)
ORGANIZATION_JUDGE = Judge(_look_at_organization, NEAR, DIFFERENT, _organization_may_be_alike)
