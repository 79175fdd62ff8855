"""Where a follower is: its row in follower_cursors, the lock that lets one process follow, and parked changes."""

from __future__ import annotations

from services.runtime.connections import Connection
from services.runtime.database import Database, Transaction

_ERROR_LIMIT = 2_000

_LEAD = "SELECT pg_try_advisory_lock(hashtextextended('follower ' || %s, 0))"
# It has heard nothing yet: how old what it knows is cannot be said.
_ENSURE = "INSERT INTO follower_cursors (name, batch_at) VALUES (%s, '-infinity') ON CONFLICT DO NOTHING"
_READ = "SELECT cursor FROM follower_cursors WHERE name = %s"
_RESET = "UPDATE follower_cursors SET cursor = '', epoch = '', horizon = 0 WHERE name = %s"
# Only from the cursor that the batch was asked for: should two processes ever follow at once, one of them fails.
_ADVANCE = """
    UPDATE follower_cursors
    SET cursor = %s, epoch = %s, horizon = %s, batch_at = clock_timestamp(),
        applied = applied + %s, parked = parked + %s
    WHERE name = %s AND cursor = %s
"""
_PARK = "INSERT INTO parked_changes (company_id, follower, cursor, change, error) VALUES (%s, %s, %s, %s, %s)"


class CursorMoved(Exception):  # noqa: N818 - a name of what is true
    """Another process has moved the cursor; what was applied is rolled back."""


def leads(connection: Connection, name: str) -> bool:
    """Whether this process may follow; it may for as long as the connection lives."""
    row = connection.execute(_LEAD, (name,)).fetchone()
    return row is not None and bool(row[0])


def saved_cursor(database: Database, name: str) -> str:
    """The cursor after the last batch that was applied; empty at first."""
    with database.connection() as connection:
        connection.execute(_ENSURE, (name,))
        row = connection.execute(_READ, (name,)).fetchone()
    return str(row[0]) if row is not None else ""


def reset(database: Database, name: str) -> None:
    """Follow from the start the next time."""
    with database.connection() as connection:
        connection.execute(_RESET, (name,))


def advance(
    tx: Transaction, name: str, before: str, after: str, epoch: str, horizon: int, applied: int, parked: int
) -> None:
    """Save the cursor after a batch, in the transaction that applies it."""
    moved = tx.execute(_ADVANCE, (after, epoch, horizon, applied, parked, name, before))
    if moved.rowcount != 1:
        raise CursorMoved(f"{name} is no longer at the cursor that this batch follows")


def park(tx: Transaction, company_id: str, name: str, cursor: str, change: bytes, error: Exception) -> None:
    """Keep a change that cannot be applied, with the reason."""
    reason = f"{type(error).__name__}: {error}"[:_ERROR_LIMIT]
    tx.execute(_PARK, (company_id, name, cursor, change, reason))
