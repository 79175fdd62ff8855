"""Follow undo owns what follows from an undone merge: its sides are judged different, or people are asked."""

from collections.abc import Sequence

from services.matching.domain.undone_merge import UndoneMerge
from services.matching.operations.create_judgement import note_undo
from services.matching.operations.review_undone import review_undone
from services.matching.store import review_endings, undone_merges
from services.runtime.database import Transaction


def follow_undo(tx: Transaction, undone: UndoneMerge, *, repeated: bool = False) -> bool:
    """Do what follows from an undo; answers whether it was not done before.

    The call that undoes does it at once, and the feed tells of it again: whichever comes first counts. What people made
    of it since stays, however often the feed is read. `repeated`: it is the call, so what is lost comes by the feed.
    """
    if not undone_merges.begin(tx, undone, repeated=repeated):
        return False
    follow = review_undone if undone.left_undecided else note_undo
    follow(tx, undone)
    return True


def follow_undos(tx: Transaction, undone: Sequence[UndoneMerge]) -> None:
    """Do what follows from undos that the feed tells of, once the mirror has what it says of the customers.

    Nobody is asked of customers that are merged anew, or deleted, by now.
    """
    asked = [one for one in undone if follow_undo(tx, one) and one.left_undecided]
    if sides := {side for one in asked for side in (one.target_id, *one.source_ids)}:
        review_endings.end_gone(tx, sorted(sides))
