"""Waiting owns how long a call waits: for the follower, and for the customers service."""

from typing import Any

from services.runtime.database import Database
from services.runtime.freshness import ChangeToken, wait_until_fresh

LONGEST_WAIT_S = 30.0
"""For calls without a deadline: a thread is not held for longer."""


def remaining_s(context: Any) -> float:
    """Return how long the caller still waits."""
    left = context.time_remaining()
    return LONGEST_WAIT_S if left is None else min(left, LONGEST_WAIT_S)


class FollowedChanges:
    """What has been followed so far; a read waits here until what it asks for has."""

    def __init__(self, database: Database, follower: str) -> None:
        self._database = database
        self._follower = follower

    def wait_for(self, change_token: str, context: Any) -> None:
        """Wait until a write in customers has been followed; an empty token asks for nothing."""
        if change_token:
            token = ChangeToken.parse(change_token)
            wait_until_fresh(self._database, self._follower, token, remaining_s(context), context.is_active)
