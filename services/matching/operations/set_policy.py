"""Set policy owns making a version of a company's policy by hand, used from then on."""

from dataclasses import replace

from services.matching.domain.model import Model
from services.matching.domain.policy import (
    SET,
    WEIGHTS_OF_KIND,
    Policy,
    PolicyWish,
    unknown_levels,
    weighs_alike,
    with_shares,
)
from services.matching.operations.derive import RULES
from services.matching.operations.get_policy import policy_of
from services.matching.operations.reband import reband
from services.matching.store import companies, policies, review_items
from services.runtime.database import Transaction
from services.runtime.failures import EtagMismatch, FieldsInvalid, FieldViolation

PATIENCE_S = 30.0


def set_policy(tx: Transaction, wish: PolicyWish, etag: str, patience_s: float = PATIENCE_S) -> Policy:
    """Make a version and use it; the review queue follows another band, as far as that differs from the one before.

    Waits `patience_s` for others who set one. Raises EtagMismatch, PolicyNotFound, FieldsInvalid.
    """
    policies.take_turn(tx, patience_s)
    review_items.write_beside(tx)  # before the company is locked, as a scan does
    companies.region_of(tx, RULES)
    policies.lock_current(tx)
    current = policies.current(tx)
    if etag and etag != current.version:
        text = f"The policy is {current.version} by now. Read it and decide anew."
        raise EtagMismatch(text, metadata={"etag": current.version})
    made = policies.add(tx, _wanted(tx, wish, current))
    if (made.accept, made.reject) != (current.accept, current.reject) or not weighs_alike(made, current):
        reband(tx, made, current)
    return made


def _wanted(tx: Transaction, wish: PolicyWish, current: Policy) -> Policy:
    """Return the version that is asked for; what survives stays as it is where nothing is said of it."""
    survivorship = current.survivorship if wish.survivorship is None else wish.survivorship
    if not wish.kind:
        made = replace(current, origin=SET, report=None, created_at=None)
    else:
        model = with_shares(_weights(tx, wish), wish.shares)
        made = Policy(0, wish.kind, wish.accept, wish.reject, wish.learns, SET, model)
    return replace(made, number=0, created_by=tx.scope.actor, survivorship=survivorship)


def _weights(tx: Transaction, wish: PolicyWish) -> Model:
    """Return the weights to begin with; every bad field is named."""
    source = policy_of(tx, wish.weights_of) if wish.weights_of else None
    model = source.model if source else WEIGHTS_OF_KIND[wish.kind]
    wrong = []
    if source is not None and source.kind != wish.kind:
        wrong.append(FieldViolation("weights_of", f"must be of the kind that is asked for, and is a {source.kind}"))
    else:
        wrong += [
            FieldViolation("comparisons", f"{comparison}: {level} is no level of this kind of policy")
            for comparison, level in unknown_levels(model, wish.shares)
        ]
    if wrong:
        raise FieldsInvalid(wrong)
    return model
