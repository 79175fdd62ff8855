"""What adding and removing tags have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.customers.domain.draft import checked_tags
from services.customers.domain.edits import Change, edited
from services.customers.domain.fold import fold
from services.customers.domain.limits import MOST, refuse_too_many
from services.customers.operations.changing import Plan, Planned, Planner
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import actor_of
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck


def check_tags(customer_id: str, tags: Sequence[str]) -> list[str]:
    """The tags as stored. Raises FieldsInvalid with every wrong field of a request."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(tags, "tags", f"takes 1 to {MOST['tags']} tags")
    stored, violations = checked_tags(tags)
    check.violations.extend(violations)
    check.raise_if_any()
    return stored


def tagging(after: Callable[[set[str]], set[str]], etag: str) -> Planner:
    """The plan that makes other tags of those that are shown."""

    def planner(tx: Transaction, _: Sequence[StoredTree]) -> Plan:
        def plan(stored: StoredTree) -> Planned | None:
            require_writable(tx, stored.root, etag)
            before = set(fold(stored.tree).get("tags", ()))
            wanted = after(before)
            if wanted == before:
                return None
            tags = {"tags": sorted(wanted)}
            refuse_too_many(stored.tree, tags)
            own = edited(stored.tree, Change(items=tags), stored.now, actor_of(tx.scope))
            return Planned(own, "UPDATED", "updated", {"fields": ["tags"]})

        return plan

    return planner


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """Which tags came and which went."""

    added: list[str]
    removed: list[str]


def tags_changed(before: Sequence[str], after: Sequence[str]) -> TagsChanged:
    """The difference between the tags of two views."""
    return TagsChanged(sorted(set(after) - set(before)), sorted(set(before) - set(after)))
