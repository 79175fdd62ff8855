"""The history of stages, which a trigger keeps, and the reason that it writes down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.customers.domain.lifecycle import Move
from services.customers.domain.record import Actor
from services.runtime.database import Transaction

GIVE_REASON = "SELECT set_config('app.reason', %s, true)"
MOVES = """
SELECT move_id, moved_at, from_stage, to_stage, cause, reason, actor, actor_name FROM lifecycle_moves
 WHERE company_id = (SELECT app_company()) AND customer_id = %s::uuid AND move_id <= %s
 ORDER BY move_id DESC LIMIT %s
"""
COUNT = "SELECT count(*) FROM lifecycle_moves WHERE company_id = (SELECT app_company()) AND customer_id = %s::uuid"
LAST = 2**63 - 1


def give_reason(tx: Transaction, reason: str) -> None:
    """Says why stages change in this transaction from now on."""
    if reason:
        tx.execute(GIVE_REASON, (reason,))


def moves(tx: Transaction, customer_id: str, up_to: int | None, limit: int) -> list[Move]:
    """The moves of what was shown under an id up to one with a number, the last one first."""
    rows = tx.rows(MOVES, (customer_id, LAST if up_to is None else up_to, limit))
    return [_move(row) for row in rows]


def count(tx: Transaction, customer_id: str) -> int:
    """How many moves an id has."""
    return int(tx.value(COUNT, (customer_id,)))


def _move(row: dict[str, Any]) -> Move:
    moved_at: datetime = row["moved_at"]
    actor = Actor(row["actor"], row["actor_name"])
    return Move(row["move_id"], moved_at, row["from_stage"], row["to_stage"], row["cause"], row["reason"], actor)
