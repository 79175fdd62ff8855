"""Lists what was edited of the members of a merge since, which stays where it was made when the merge is undone."""

from __future__ import annotations

from services.customers.domain.forest import Tree
from services.customers.domain.merge import LaterEdit, LoggedMerge, later_edits
from services.customers.store import conversations
from services.runtime.database import Transaction


def edits_since(tx: Transaction, logged: LoggedMerge, tree: Tree) -> list[LaterEdit]:
    """The edits since a merge in the order of time, and the conversations that came or went; `tree` is as merged."""
    edits = [edit for edit in later_edits(tree, logged.merged_at) if edit.customer_id in logged.digests]
    edits += conversations.moves_since(tx, sorted(logged.digests), logged.merged_at)
    return sorted(edits, key=lambda edit: (edit.time, edit.customer_id, edit.field))
