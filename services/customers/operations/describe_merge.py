"""Says what a merge would touch and show; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from services.customers.domain.fields import Json
from services.customers.domain.forest import joined
from services.customers.domain.merge import Merge, check_size
from services.customers.domain.view import root_view
from services.customers.operations.apply_merge import mergeable
from services.customers.store.rows import StoredCustomer
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class Described:
    """Target and sources as they are, and what the target would show."""

    target: StoredCustomer
    sources: list[StoredCustomer]
    result: dict[str, Json]


def describe_merge(tx: Transaction, merge: Merge) -> Described:
    """What ApplyMerge would do now. Raises what forbids the merge."""
    stored = mergeable(tx, merge, {}, lock=False)
    target, sources = stored[merge.target_id], [stored[source] for source in merge.source_ids]
    tree = joined(target.tree, [source.tree for source in sources], merge.edges(target.now))
    view = root_view(tree)
    check_size(tree, view)
    shown = {
        **view.data,
        "customer_id": merge.target_id,
        "etag": view.etag,
        "revision": target.root.revision + 1,
    }
    return Described(target.root, [source.root for source in sources], shown)
