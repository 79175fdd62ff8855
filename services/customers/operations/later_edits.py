"""Lists what was edited of the members of a merge since, which stays where it was made when the merge is undone."""

from __future__ import annotations

from collections.abc import Iterable

from services.customers.domain.forest import Tree
from services.customers.domain.merge import LaterEdit, LoggedMerge, later_edits


def edits_since(logged: LoggedMerge, tree: Tree, moves: Iterable[LaterEdit]) -> list[LaterEdit]:
    """The edits since a merge by time; `tree` is as merged, `moves` says which conversations came or went."""
    edits = [edit for edit in later_edits(tree, logged.merged_at) if edit.customer_id in logged.digests]
    edits += moves
    return sorted(edits, key=lambda edit: (edit.time, edit.customer_id, edit.field))
