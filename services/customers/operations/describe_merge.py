"""Says what a merge would touch and show, or what stands against it; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.customers.domain.failures import TreeTooLarge
from services.customers.domain.fields import Json
from services.customers.domain.fold import shown
from services.customers.domain.forest import joined
from services.customers.domain.merge import Merge, check_size
from services.customers.domain.merge_outcome import Blocker, FieldOutcome, outcomes, state_digest
from services.customers.domain.moves import ChildCount, together
from services.customers.domain.view import views
from services.customers.operations.apply_merge import against, check_choices
from services.customers.store import merged_children, trees
from services.customers.store.rows import StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class Described:
    """Target and sources as they are and what stands against the merge; where nothing does, what it would show.

    `moves` counts by kind the children of the sources, which will show under the target.
    """

    target: StoredCustomer
    sources: list[StoredCustomer]
    blockers: list[Blocker]
    result: dict[str, Json] | None = None
    fields: list[FieldOutcome] = field(default_factory=list)
    moves: Sequence[ChildCount] = ()
    digest: str = ""


def describe_merge(tx: Transaction, merge: Merge) -> Described:
    """What ApplyMerge would do now. Raises CustomerNotFound, FieldsInvalid."""
    ids = [merge.target_id, *merge.source_ids]
    stored = trees.read_trees(tx, ids)
    by_member = {member: tree for tree in stored.values() for member in tree.rows}
    blockers = [
        Blocker(failure.reason, failure.metadata["customer_id"], failure.message)
        for failure in against(merge, by_member)
    ]
    target, sources = by_member[merge.target_id], [by_member[source] for source in merge.source_ids]
    rows = [tree.rows[customer_id] for customer_id, tree in zip(ids, [target, *sources], strict=True)]
    if blockers:
        return Described(rows[0], rows[1:], blockers)
    check_choices(merge, by_member)
    return _described(tx, merge, target, sources)


def _described(tx: Transaction, merge: Merge, target: StoredTree, sources: list[StoredTree]) -> Described:
    forest = [target.tree, *(source.tree for source in sources)]
    tree = joined(target.tree, forest[1:], merge.edges(target.now))
    folded = shown(tree)
    view = views(tree, folded, only=())[merge.target_id]
    roots = [source.root for source in sources]
    try:
        check_size(tree, view)
    except TreeTooLarge as failure:
        return Described(target.root, roots, [Blocker(failure.reason, merge.target_id, failure.message)])
    result = {
        **view.data,
        "customer_id": merge.target_id,
        "etag": view.etag,
        "revision": target.root.revision + 1,
    }
    sides = {one.root_id: shown(one)[one.root_id] for one in forest}
    etags = {member: row.etag for one in (target, *sources) for member, row in one.rows.items()}
    moving = [member for source in sources for member in source.tree.members]
    return Described(
        target.root,
        roots,
        [],
        result,
        outcomes(merge.resolved, merge.choices, sides, folded[merge.target_id]),
        together(merged_children.count(tx, moving), moving),
        state_digest(merge, forest, etags),
    )
