"""Moves a live record between ACTIVE and INACTIVE."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.domain.states import in_state
from services.customers.operations.changing import Plan, Planned, Planner, because
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import actor_of
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction


def between_live_states(state: str, event: str, etag: str, reason: str) -> Planner:
    """The plan that moves a root to a live state, told by an event; nothing where it is in it."""

    def planner(tx: Transaction, _: Sequence[StoredTree]) -> Plan:
        def plan(stored: StoredTree) -> Planned | None:
            require_writable(tx, stored.root, etag)
            if stored.root.state == state:
                return None
            own = in_state(stored.tree.root, state, stored.now, actor_of(tx.scope))
            return Planned(own, "UPDATED", event, because(reason))

        return plan

    return planner
