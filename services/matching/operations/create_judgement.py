"""Create judgement owns how a verdict on a pair is written, and what it ends."""

from dataclasses import replace

from services.matching.domain.failures import customer_not_found, judged_different, judged_same
from services.matching.domain.judged_trees import JudgedTrees
from services.matching.domain.judgement import DIFFERENT, SAME, Judged, Judgement, pair_of
from services.matching.domain.review_item import JUDGED, trees_subject
from services.matching.domain.undone_merge import UndoneMerge
from services.matching.operations.review_conflicts import review_conflicts_in
from services.matching.store import judgements, regrouping, review_items, standing_judgements
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.ids import is_id

_PAIR = 2


def create_judgement(tx: Transaction, judged: Judged) -> Judgement:
    """Judge a pair. What was judged of the same pair before is retracted, unless it says the same.

    Raises CustomerNotFound, FieldsInvalid, JudgedDifferent where two are judged the same of whom other judgements say
    that they are not, in one step or by a chain, and JudgedSame the other way round.
    """
    roots = [_root_of(tx, customer_id) for customer_id in (judged.left_id, judged.right_id)]
    left, right = pair_of(judged.left_id, judged.right_id)
    if left == right:
        raise FieldsInvalid([FieldViolation("right_id", "is the same customer as left_id")])
    lock_judging(tx)
    held = judgements.standing(tx, left, right)
    _check(tx, judged.verdict, roots, held.judgement_id if held else "")
    return _written(tx, replace(judged, left_id=left, right_id=right), held)


def note_undo(tx: Transaction, undone: UndoneMerge) -> None:
    """Judge target and sources of an undone merge to be different, as whoever undid it; what was judged since stays.

    It is not refused where judgements say that they are the same: then that is a conflict, for a person to look at.
    """
    for source_id in undone.source_ids:
        left, right = pair_of(undone.target_id, source_id)
        held = judgements.standing(tx, left, right)
        if held is None or held.created_at < undone.undone_at:
            judged = Judged(left, right, DIFFERENT, undone.reason, undone.merge_id, undone.undone_by)
            _write(tx, judged, held)


def lock_judging(tx: Transaction) -> None:
    """Judge one at a time in a company, and not while a scan writes what waits for people."""
    standing_judgements.lock(tx)
    review_items.write_beside(tx)


def follow_judgement(tx: Transaction, *customer_ids: str) -> None:
    """Have what hangs on judgements of some customers follow them: listed groups, review items, conflicts."""
    roots = judgements.roots_of(tx, customer_ids)
    regrouping.put(tx, sorted(roots))
    around = standing_judgements.around(tx, roots)
    if len(roots) == _PAIR and JudgedTrees(around).answer(*sorted(roots)):
        review_items.supersede(tx, [trees_subject(roots)], JUDGED)
    review_conflicts_in(tx, customer_ids, around)


def _check(tx: Transaction, verdict: str, roots: list[str], held: str) -> None:
    """Raise where other judgements than the one that is replaced say the opposite, in one step or by a chain."""
    others = [one for one in standing_judgements.around(tx, roots) if one.judgement_id != held]
    trees = JudgedTrees(others)
    if verdict == SAME and roots[0] != roots[1] and (apart := trees.keep_apart(*roots)):
        raise judged_different([_get(tx, one.judgement_id) for one in apart])
    if verdict == DIFFERENT and (chain := trees.chain(*roots)):
        raise judged_same([one.judgement_id for one in chain])


def _written(tx: Transaction, judged: Judged, held: Judgement | None) -> Judgement:
    return _get(tx, _write(tx, judged, held))


def _write(tx: Transaction, judged: Judged, held: Judgement | None) -> str:
    """Write a judgement in place of the one that holds, unless that says the same. Answers the id of the one then."""
    if held is not None and (held.verdict, held.reason) == (judged.verdict, judged.reason):
        return held.judgement_id
    if held is not None:
        judgements.retract(tx, held.judgement_id, "Judged anew.", judged.author)
    judgement_id = judgements.add(tx, judged)
    follow_judgement(tx, judged.left_id, judged.right_id)
    return judgement_id


def _get(tx: Transaction, judgement_id: str) -> Judgement:
    found = judgements.get(tx, judgement_id)
    assert found is not None
    return found


def _root_of(tx: Transaction, customer_id: str) -> str:
    root = judgements.root_of(tx, customer_id) if is_id(customer_id) else None
    if root is None:
        raise customer_not_found(customer_id)
    return root
