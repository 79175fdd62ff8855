"""Answers about contact as one number, and the numbers that a filter allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

from services.customers.domain.consent import Answer
from services.customers.domain.contact_permission import Asked, decide
from services.customers.domain.fields import CONSENTS

SAID: Mapping[str, bool | None] = {"NOT_SAID": None, "NO": False, "YES": True}
"""What may be said to a permission; each counts as its place here, from 0, times the permission's weight."""

WEIGHTS: Mapping[str, int] = {permission: 4**place for place, permission in enumerate(CONSENTS)}
"""What a permission adds to the number for each place; the database calculates the same for its column."""

Conditions = Sequence[tuple[str, tuple[str, ...]]]
"""Permissions, each with what may have been said to it, by the names of SAID."""


@lru_cache(32)
def permitted(channel: str, purpose: str, state: str) -> frozenset[int]:
    """The numbers of the answers with which a customer of a state may be contacted."""
    return frozenset(
        number for number, said in _every().items() if decide(Asked("", state, "", said), channel, purpose).allowed
    )


def answered(conditions: Conditions) -> frozenset[int]:
    """The numbers of the answers for which all conditions hold."""
    places = [(WEIGHTS[permission], {list(SAID).index(said) for said in wanted}) for permission, wanted in conditions]
    return frozenset(number for number in _every() if all(number // weight % 4 in wanted for weight, wanted in places))


@lru_cache(1)
def _every() -> Mapping[int, Mapping[str, Answer]]:
    """All answers that there can be, by their numbers."""
    return {
        sum(weight * place for weight, (place, _) in zip(WEIGHTS.values(), said, strict=True)): {
            permission: {"value": value, "since": ""}
            for permission, (_, value) in zip(WEIGHTS, said, strict=True)
            if value is not None
        }
        for said in product(*[list(enumerate(SAID.values()))] * len(WEIGHTS))
    }
