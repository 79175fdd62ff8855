"""Lists the stages that a customer was in, the current one first, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.customers.domain.lifecycle import Move, Period, first_period, periods
from services.customers.operations.guard import require_live
from services.customers.store import lifecycle, trees
from services.customers.store.rows import StoredCustomer
from services.runtime import paging
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck

_BYTES = 1_500


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some periods, how to go on, and how many there are."""

    periods: Sequence[Period]
    next_page_token: str
    total_size: int


def list_lifecycle_history(tx: Transaction, customer_id: str, *, page_size: int, page_token: str) -> HistoryPage:
    """One page. Raises FieldsInvalid, PageTokenMismatch, CustomerNotFound, CustomerDeleted."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(page_size >= 0, "page_size", "must be between 0 and 1000")
    check.raise_if_any()
    size = paging.page_size(page_size)
    stored = trees.read_tree(tx, customer_id)
    require_live(stored.root)
    root = stored.root
    question = {"list": "lifecycle history", "customer_id": root.customer_id}
    edge, moves = _moves(tx, root.customer_id, paging.position_of(page_token, question, tx.scope.company_id), size + 1)
    found = periods(moves, edge.moved_at if edge else None, stored.now)
    if len(moves) <= size:
        found.append(_first(root, moves[-1] if moves else edge, stored.now))
    page, more = paging.page_of(found, size, lambda _: _BYTES)
    following = paging.page_token(question, [moves[len(page) - 1].number], tx.scope.company_id) if more else ""
    return HistoryPage(page, following, lifecycle.count(tx, root.customer_id) + 1)


def _moves(tx: Transaction, customer_id: str, position: list[Any] | None, limit: int) -> tuple[Move | None, list[Move]]:
    """The last move of the page before, and those that came before it."""
    if position is None:
        return None, lifecycle.moves(tx, customer_id, None, limit)
    if len(position) != 1 or not isinstance(position[0], int):
        raise paging.not_a_token()
    found = lifecycle.moves(tx, customer_id, position[0], limit + 1)
    if not found or found[0].number != position[0]:
        raise paging.not_a_token()
    return found[0], found[1:]


def _first(root: StoredCustomer, left_by: Move | None, now: datetime) -> Period:
    """The period of the creation, which the first move ended, if there is one."""
    stage = left_by.from_stage if left_by else root.view["lifecycle_stage"]
    left_at = left_by.moved_at if left_by else None
    return first_period(stage, root.own.created_at, root.own.created_by, left_at, now)
