"""Contact assessors owns the levels of e-mail, phone and identifiers, each with several values a record."""

import numpy as np

from services.matching.engine import similarity
from services.matching.engine.arrays import Levels
from services.matching.engine.assessors import Assessed, Pairs, assess_values, best_of, rates_where

EXACT, SAME_LOCAL, EMAIL_NEAR, EMAIL_DIFFERENT = range(4)
NEAR, DIFFERENT = range(1, 3)


def assess_email(pairs: Pairs) -> Assessed:
    """E-mail: the same mailbox, the same local part elsewhere, misspelt."""
    return best_of([_email(pairs, slot) for slot in pairs.slots("email")])


def assess_phone(pairs: Pairs) -> Assessed:
    """Phone: the same number, one digit off, one number without its prefix."""
    return best_of([_value(pairs, "phone", slot, _judge_phone) for slot in pairs.slots("phone")])


def assess_external_id(pairs: Pairs) -> Assessed:
    """Identifiers: equal, or one typing error apart."""
    return best_of([_value(pairs, "external_id", slot, _judge_id) for slot in pairs.slots("external_id")])


def assess_organization(pairs: Pairs) -> Assessed:
    """Organisation: the same name without its legal form, or nearly."""
    return _value(pairs, "organization", (0, 0), _judge_organization)


def _email(pairs: Pairs, slot: tuple[int, int]) -> Assessed:
    left, right = pairs.codes("email", slot)
    levels = assess_values(left, right, pairs.columns["email"].values, _judge_email)
    local_left, local_right = pairs.codes("email_local", slot)
    levels[(levels > SAME_LOCAL) & (local_left == local_right) & (local_left >= 0)] = SAME_LOCAL
    rates = rates_where(pairs.columns, "email", left, levels == EXACT)
    local = levels == SAME_LOCAL
    rates[local] = pairs.columns.rates("email_local")[local_left[local]]
    return Assessed(levels, rates)


def _value(pairs: Pairs, attribute: str, slot: tuple[int, int], judge: similarity.Judge) -> Assessed:
    left, right = pairs.codes(attribute, slot)
    levels = assess_values(left, right, pairs.columns[attribute].values, judge)
    return Assessed(levels, rates_where(pairs.columns, attribute, left, levels == EXACT))


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
