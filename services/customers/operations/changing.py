"""How one customer is changed: its tree is locked, a plan says what becomes of the root, and that is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.customers.domain.fields import Json
from services.customers.domain.record import OwnRecord
from services.customers.operations.writing import Writes
from services.customers.store import lifecycle, trees
from services.customers.store.rows import StoredCustomer
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of a root: its own record, how the feed and the timeline call that, and what the timeline adds."""

    own: OwnRecord
    kind: str
    event: str
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """A root before and after; the same where nothing was to be changed."""

    before: StoredCustomer
    after: StoredCustomer
    token: ChangeToken


Plan = Callable[[StoredTree], Planned | None]
"""What becomes of the root of a locked tree; None where it is so already. Raises what forbids it."""

Planner = Callable[[Transaction, Sequence[StoredTree]], Plan]
"""Makes the plan for some locked trees, once it knows what it needs of the database for all of them."""


def change(tx: Transaction, customer_id: str, planner: Planner, reason: str = "") -> Changed:
    """Changes the root that an id is in the tree of. Raises FieldsInvalid, CustomerNotFound, and what the plan does."""
    if not customer_id:
        raise FieldsInvalid([FieldViolation("customer_id", "is required")])
    stored = trees.lock_tree(tx, customer_id)
    planned = planner(tx, [stored])(stored)
    if planned is None:
        return Changed(stored.root, stored.root, tx.change_token())
    lifecycle.give_reason(tx, reason)
    writes = Writes()
    after = add(writes, stored, planned)
    return Changed(stored.root, after, writes.store(tx))


def add(writes: Writes, stored: StoredTree, planned: Planned) -> StoredCustomer:
    """Notes a planned change to be written; gives what the root shows then."""
    return writes.change(stored, stored.tree.root_id, planned.own, planned.kind, planned.event, planned.data)


def because(reason: str) -> dict[str, Json]:
    """What the timeline keeps of a reason."""
    return {"reason": reason} if reason else {}
