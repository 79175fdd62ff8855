"""Says what the undo of a merge would restore, and which edits would stay where they were made; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from services.customers.domain.failures import MergeAlreadyUndone
from services.customers.domain.fields import Json
from services.customers.domain.merge import LaterEdit, LoggedMerge
from services.customers.domain.view import views
from services.customers.operations.later_edits import edits_since
from services.customers.operations.list_merges import get_merge
from services.customers.store import conversations, trees
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class DescribedRevert:
    """The merge as logged, both sides as they would be, and the edits that stay."""

    merge: LoggedMerge
    target: dict[str, Json]
    sources: list[dict[str, Json]]
    later_edits: list[LaterEdit]


def describe_revert(tx: Transaction, merge_id: str) -> DescribedRevert:
    """What RevertMerge would do now. Raises MergeNotFound, MergeAlreadyUndone."""
    logged = get_merge(tx, merge_id)
    if logged.undone_at is not None:
        raise MergeAlreadyUndone(logged.merge_id)
    stored = trees.read_tree(tx, logged.target_id)
    after = {view.customer_id: view for tree in stored.tree.without(logged.merge_id) for view in views(tree).values()}

    def shown(customer_id: str) -> dict[str, Json]:
        view, revision = after[customer_id], stored.rows[customer_id].revision + 1
        return {**view.data, "customer_id": customer_id, "etag": view.etag, "revision": revision}

    return DescribedRevert(
        logged,
        shown(logged.target_id),
        [shown(source) for source in logged.source_ids],
        edits_since(logged, stored.tree, conversations.moves_since(tx, sorted(logged.digests), logged.merged_at)),
    )
