"""Create judgement owns how a verdict on a pair is written, and what it ends."""

from services.matching.domain.failures import customer_not_found, judged_different
from services.matching.domain.judgement import DIFFERENT, SAME, Judged, Judgement, pair_of
from services.matching.store import judgements, regrouping
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.ids import is_id


def create_judgement(tx: Transaction, judged: Judged) -> Judgement:
    """Judge a pair. What was judged of the same pair before is retracted, unless it says the same.

    Raises CustomerNotFound, FieldsInvalid, and JudgedDifferent where two are judged the same whose trees other
    judgements keep apart.
    """
    roots = [_root_of(tx, customer_id) for customer_id in (judged.left_id, judged.right_id)]
    left, right = pair_of(judged.left_id, judged.right_id)
    if left == right:
        raise FieldsInvalid([FieldViolation("right_id", "is the same customer as left_id")])
    judgements.lock_pair(tx, left, right)
    held = judgements.standing(tx, left, right)
    if judged.verdict == SAME:
        apart = judgements.different_between(tx, dict(zip(roots, roots, strict=True)))
        if others := [one for one in apart if held is None or one.judgement_id != held.judgement_id]:
            raise judged_different(others)
    ordered = Judged(left, right, judged.verdict, judged.reason, judged.merge_id)
    return _written(tx, ordered, held)


def note_undo(tx: Transaction, merge_id: str, target_id: str, source_ids: list[str]) -> None:
    """Judge the sides of a merge that was undone to be different; once, however often the undo is repeated."""
    for source_id in source_ids:
        left, right = pair_of(target_id, source_id)
        judgements.lock_pair(tx, left, right)
        if not judgements.follows_undo(tx, merge_id, left, right):
            held = judgements.standing(tx, left, right)
            _written(tx, Judged(left, right, DIFFERENT, "Their merge was undone.", merge_id), held)


def _written(tx: Transaction, judged: Judged, held: Judgement | None) -> Judgement:
    if held is not None and (held.verdict, held.reason) == (judged.verdict, judged.reason):
        return _get(tx, held.judgement_id)
    if held is not None:
        judgements.retract(tx, held.judgement_id, "Judged anew.")
    regroup_judged(tx, judged.left_id, judged.right_id)
    return _get(tx, judgements.add(tx, judged))


def regroup_judged(tx: Transaction, *customer_ids: str) -> None:
    """Have the listed groups of some customers judged anew by what holds now."""
    roots = {judgements.root_of(tx, customer_id) for customer_id in customer_ids}
    regrouping.put(tx, sorted(root for root in roots if root is not None))


def _get(tx: Transaction, judgement_id: str) -> Judgement:
    found = judgements.get(tx, judgement_id)
    assert found is not None
    return found


def _root_of(tx: Transaction, customer_id: str) -> str:
    root = judgements.root_of(tx, customer_id) if is_id(customer_id) else None
    if root is None:
        raise customer_not_found(customer_id)
    return root
