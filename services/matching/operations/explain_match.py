"""Explain match owns the whole account of one pair: prior, each comparison, adjustments, and the keys they share."""

from dataclasses import dataclass

from services.matching.domain.evidence import Contribution, Explanation
from services.matching.domain.failures import customer_not_found
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import Frequencies, Model
from services.matching.engine.api import explain
from services.matching.engine.shown import shown_value
from services.matching.operations.derive import named_keys
from services.matching.operations.knowledge import KnownCompanies
from services.matching.store import identities
from services.runtime.database import Transaction
from services.runtime.ids import is_id

MISSING = "missing"
"""The level of a comparison that had nothing to compare on one side or on both."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The account, every comparison in the model's order, and the shared keys as kind:value."""

    explanation: Explanation
    comparisons: tuple[Contribution, ...]
    shared_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """By what a pair is judged."""

    model: Model
    frequencies: Frequencies | None


def explain_match(tx: Transaction, known: KnownCompanies, left_id: str, right_id: str) -> Explained:
    """Explain why two customers match or do not; merged ones stand for their roots."""
    left, right = _identity(tx, left_id), _identity(tx, right_id)
    company = known.seen_by(tx)
    return explained(left, right, Judge(company.policy.model, company.frequencies))


def explained(left: Identity, right: Identity, judge: Judge) -> Explained:
    """Return the whole account of two identities."""
    ours, theirs = named_keys(left), named_keys(right)
    shared = sorted(ours[key] for key in ours.keys() & theirs.keys())
    explanation = explain(left, right, judge.model, judge.frequencies)
    compared = {one.comparison: one for one in explanation.contributions}
    every = [compared.get(one.name) or _nothing(one.name, left, right) for one in judge.model.comparisons]
    return Explained(explanation, tuple(every), tuple(shared))


def _nothing(comparison: str, left: Identity, right: Identity) -> Contribution:
    return Contribution(comparison, shown_value(left, comparison), shown_value(right, comparison), MISSING, 0.0, 0.0)


def _identity(tx: Transaction, customer_id: str) -> Identity:
    found = identities.root_identity(tx, customer_id) if is_id(customer_id) else None
    if found is None:
        raise customer_not_found(customer_id)
    return found[1]
