"""Contact assessors owns the levels of e-mail, phone and identifiers, each with several values a record."""

import numpy as np

from services.matching.engine import similarity
from services.matching.engine.arrays import Levels
from services.matching.engine.assessors import Assessed, Pairs, agreed, assess_values, best_of

EXACT, SAME_LOCAL, EMAIL_NEAR, EMAIL_DIFFERENT = range(4)
NEAR, DIFFERENT = range(1, 3)


def assess_email(pairs: Pairs) -> Assessed:
    """E-mail: the same mailbox, the same local part elsewhere, misspelt."""
    found = [_email(pairs, slot) for slot in pairs.slots("email")]
    return best_of(pairs.columns, found, {EXACT: "email", SAME_LOCAL: "email_local"})


def assess_phone(pairs: Pairs) -> Assessed:
    """Phone: the same number, one digit off, one number without its prefix."""
    return _best(pairs, "phone", _judge_phone)


def assess_external_id(pairs: Pairs) -> Assessed:
    """Identifiers: equal, or one typing error apart."""
    return _best(pairs, "external_id", _judge_id)


def assess_organization(pairs: Pairs) -> Assessed:
    """Organisation: the same name without its legal form, or nearly."""
    return _best(pairs, "organization", _judge_organization)


def _email(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    left, right = pairs.codes("email", slot)
    local, local_right = pairs.codes("email_local", slot)
    levels = assess_values(left, right, pairs.columns["email"].values, _judge_email)
    same_local = (levels > SAME_LOCAL) & (local == local_right) & (local >= 0)
    levels[same_local] = SAME_LOCAL
    return Assessed(levels, np.where(same_local, local, agreed(left, levels == EXACT)).astype(np.int32))


def _best(pairs: Pairs, attribute: str, judge: similarity.Judge) -> Assessed:
    found = []
    for slot in pairs.slots(attribute):
        left, right = pairs.codes(attribute, slot)
        levels = assess_values(left, right, pairs.columns[attribute].values, judge)
        found.append(Assessed(levels, agreed(left, levels == EXACT)))
    return best_of(pairs.columns, found, {EXACT: attribute})


def _judge_email(left: list[str], right: list[str]) -> Levels:
    near = similarity.one_edit(left, right, shortest=8) | (similarity.jaro_winkler(left, right) >= 0.97)
    return np.where(near, EMAIL_NEAR, EMAIL_DIFFERENT).astype(np.int8)


def _judge_phone(left: list[str], right: list[str]) -> Levels:
    near = similarity.one_edit(left, right, shortest=6) | similarity.one_contains_other(left, right, shortest=7)
    return np.where(near, NEAR, DIFFERENT).astype(np.int8)


def _judge_id(left: list[str], right: list[str]) -> Levels:
    return np.where(similarity.one_edit(left, right, shortest=4), NEAR, DIFFERENT).astype(np.int8)


def _judge_organization(left: list[str], right: list[str]) -> Levels:
    near = similarity.same_words(left, right, 88.0) | (similarity.jaro_winkler(left, right) >= 0.93)
    return np.where(near, NEAR, DIFFERENT).astype(np.int8)
