"""Retract judgement owns how a judgement ends."""

from services.matching.domain.failures import judgement_not_found
from services.matching.domain.judgement import Judgement
from services.matching.operations.create_judgement import follow_judgement, lock_judging
from services.matching.store import judgements
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def retract_judgement(tx: Transaction, judgement_id: str, reason: str) -> Judgement:
    """End a judgement; one that has ended before stays as it was. Raises JudgementNotFound."""
    if is_id(judgement_id):
        lock_judging(tx)
        judgements.retract(tx, judgement_id, reason)
        found = judgements.get(tx, judgement_id)
        if found is not None:
            follow_judgement(tx, found.left_id, found.right_id)
            return found
    raise judgement_not_found(judgement_id)
