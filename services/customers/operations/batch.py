"""Changes many customers a part at a time, each part in one transaction that is over within a second or so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.customers.domain.failures import CustomerNotFound
from services.customers.domain.listing import Question
from services.customers.operations.changing import Plan, Planner, add
from services.customers.operations.list_customers import check_filter
from services.customers.operations.writing import Writes
from services.customers.store import bulk, lifecycle, trees
from services.customers.store.bulk import Sized
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import ConflictRetry, Failure, FieldCheck, FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken

MOST_CUSTOMERS = 100_000
MOST_A_PART = 250
MOST_MEMBERS = 2_000
"""Of all trees of a part: each member is read and folded."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a customer: CHANGED, UNCHANGED, or FAILED with what forbade it."""

    customer_id: str
    result: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a batch does: the plan for its trees, why, and what is to be locked before them."""

    planner: Planner
    reason: str = ""
    before: Callable[[Transaction], None] = lambda tx: None


def check_selection(customer_ids: Sequence[str], question: Question | None) -> list[str]:
    """The ids to go through, each once; none where a filter chooses. Raises FieldsInvalid."""
    check = FieldCheck()
    check.require(
        bool(customer_ids) != (question is not None), "customer_ids", "or a filter, and not both, is required"
    )
    ids = list(dict.fromkeys(customer_id.lower() for customer_id in customer_ids))
    check.require(len(ids) <= MOST_CUSTOMERS, "customer_ids", f"takes up to {MOST_CUSTOMERS} ids")
    if question is not None:
        check_filter(question, check)
    check.raise_if_any()
    return ids


def select_customers(tx: Transaction, question: Question) -> list[str]:
    """The customers that a filter holds for, by id. Raises FieldsInvalid where they are too many."""
    found = bulk.matching_ids(tx, question, MOST_CUSTOMERS + 1)
    if len(found) > MOST_CUSTOMERS:
        raise FieldsInvalid([FieldViolation("filter", f"holds for more than {MOST_CUSTOMERS} customers; narrow it")])
    return found


def change_part(tx: Transaction, customer_ids: Sequence[str], task: Task) -> tuple[list[Outcome], ChangeToken]:
    """Changes the first ones of some customers, one at least; the outcomes say how many that were.

    Raises what forbids the request as a whole. What forbids one change is its outcome.
    """
    part, sized = _part(tx, customer_ids)
    task.before(tx)
    stored = trees.lock_trees(tx, [customer_id for customer_id in part if customer_id in sized])
    _require_as_sized(part, sized, stored)
    plan = task.planner(tx, list(stored.values()))
    lifecycle.give_reason(tx, task.reason)
    writes = Writes()
    outcomes = _outcomes(part, stored, plan, writes)
    return outcomes, writes.store(tx) if writes.rows else tx.change_token()


def try_part(tx: Transaction, customer_ids: Sequence[str], task: Task) -> tuple[list[Outcome], ChangeToken]:
    """What `change_part` would do, as of now; nothing is locked or written."""
    part, sized = _part(tx, customer_ids)
    stored = trees.read_trees(tx, [customer_id for customer_id in part if customer_id in sized])
    plan = task.planner(tx, list(stored.values()))
    return _outcomes(part, stored, plan, Writes()), tx.change_token()


def _part(tx: Transaction, customer_ids: Sequence[str]) -> tuple[list[str], Mapping[str, Sized]]:
    """The first customers whose trees are together small enough, no tree twice."""
    sized = bulk.sizes(tx, customer_ids[:MOST_A_PART])
    part: list[str] = []
    roots: set[str] = set()
    room = MOST_MEMBERS
    for customer_id in customer_ids[:MOST_A_PART]:
        found = sized.get(customer_id)
        if found is not None:
            room -= found.members
            if part and (found.root_id in roots or room < 0):
                break
            roots.add(found.root_id)
        part.append(customer_id)
    return part, sized


def _require_as_sized(part: Sequence[str], sized: Mapping[str, Sized], stored: Mapping[str, StoredTree]) -> None:
    """Raises ConflictRetry where a merge came before the locks: two customers of the part may be one tree by now."""
    roots = {sized[customer_id].root_id for customer_id in part if customer_id in sized}
    if roots != set(stored):
        raise ConflictRetry("The customers were merged or unmerged meanwhile. Repeat the call.")


def _outcomes(part: Sequence[str], stored: Mapping[str, StoredTree], plan: Plan, writes: Writes) -> list[Outcome]:
    tree_of = {member: tree for tree in stored.values() for member in tree.rows}
    return [_outcome(customer_id, tree_of.get(customer_id), plan, writes) for customer_id in part]


def _outcome(customer_id: str, stored: StoredTree | None, plan: Plan, writes: Writes) -> Outcome:
    if stored is None:
        return Outcome(customer_id, "FAILED", CustomerNotFound(customer_id))
    try:
        planned = plan(stored)
    except ConflictRetry:
        raise
    except Failure as failure:
        return Outcome(customer_id, "FAILED", failure)
    if planned is None:
        return Outcome(customer_id, "UNCHANGED")
    add(writes, stored, planned)
    return Outcome(customer_id, "CHANGED")
