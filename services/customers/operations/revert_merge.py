"""Takes the edges of one merge out again and folds the trees anew, in whatever order merges are undone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.customers.domain.failures import MergeAlreadyUndone, MergeNotFound
from services.customers.domain.merge import LaterEdit, LoggedMerge, check_words
from services.customers.operations.apply_merge import digests_of, refolded
from services.customers.operations.later_edits import edits_since
from services.customers.operations.writing import actor_of
from services.customers.store import merges, trees
from services.customers.store.rows import StoredCustomer
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.ids import is_id


@dataclass(frozen=True, slots=True)
class Reverted:
    """The merge as logged, both sides as they are now, edits that stay, and for each member its digest then and now."""

    merge: LoggedMerge
    target: StoredCustomer
    sources: list[StoredCustomer]
    later_edits: list[LaterEdit]
    digests: dict[str, tuple[str, str]]
    token: ChangeToken


def revert_merge(
    tx: Transaction, merge_id: str, reason: str, on_behalf_of: str = "", name: str = "", *, left_undecided: bool = False
) -> Reverted:
    """Undoes a merge. Raises MergeNotFound, MergeAlreadyUndone, FieldsInvalid.

    `name` is that of the one on whose behalf it is done. `left_undecided`: it stays open whether the sides are one.
    """
    check = FieldCheck()
    check.require(merge_id, "merge_id", "is required")
    check_words(check, reason, on_behalf_of, name)
    check.raise_if_any()
    logged = _locked(tx, merge_id)
    if logged.undone_at is not None:
        raise MergeAlreadyUndone(logged.merge_id)
    stored = trees.lock_tree(tx, logged.target_id)
    forest = stored.tree.without(logged.merge_id)
    by = actor_of(tx.scope, on_behalf_of, name)
    undone = replace(logged, undone_at=stored.now, undone_by=by, undo_reason=reason, left_undecided=left_undecided)
    tallies, moves = merges.undo(tx, undone, by, list(stored.rows))
    writes = refolded(forest, stored.rows, "MERGE_UNDONE", undone)
    token = writes.store(tx)
    after = {**stored.rows, **{row.customer_id: row.after for row in writes.rows}}
    now = digests_of(forest, tallies)
    return Reverted(
        undone,
        after[logged.target_id],
        [after[source] for source in logged.source_ids],
        edits_since(logged, stored.tree, moves),
        {member: (before, now[member]) for member, before in logged.digests.items() if member in now},
        token,
    )


def _locked(tx: Transaction, merge_id: str) -> LoggedMerge:
    """The entry of the merge log, with other callers kept off it; MergeNotFound where there is none."""
    if not is_id(merge_id):
        raise MergeNotFound(merge_id)
    logged = merges.locked(tx, merge_id)
    if logged is None:
        raise MergeNotFound(merge_id)
    return logged
