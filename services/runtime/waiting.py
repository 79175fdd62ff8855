"""How long a call waits: for what a follower has yet to apply, and for another service."""

from __future__ import annotations

from typing import Any

from services.runtime.database import Database
from services.runtime.freshness import ChangeToken, age, wait_until_fresh

LONGEST_WAIT_S = 30.0


def remaining_s(context: Any) -> float:
    """How long the caller still waits; without a deadline a thread is held no longer than LONGEST_WAIT_S."""
    left = context.time_remaining()
    return LONGEST_WAIT_S if left is None else min(left, LONGEST_WAIT_S)


class FollowedChanges:
    """How far a follower has come; a call waits here until what it asks for is known."""

    def __init__(self, database: Database, follower: str) -> None:
        self._database = database
        self._follower = follower

    def wait(self, token: ChangeToken | None, context: Any) -> None:
        """Wait until all up to the token is known here; None asks for nothing. Raises NotYetFresh, TokenEpoch."""
        if token is not None:
            wait_until_fresh(self._database, self._follower, token, remaining_s(context), context.is_active)

    def age_s(self) -> float:
        """Seconds since the follower last heard from whom it follows; infinite when it never did."""
        return age(self._database, self._follower)
