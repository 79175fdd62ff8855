"""How long a call waits: for what a follower has yet to apply, and for another service."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from services.runtime.database import Database
from services.runtime.freshness import ChangeToken, age, wait_until_fresh

LONGEST_WAIT_S = 30.0
_MOST_TRIES = 10
_A_MOMENT_S = 0.05
T = TypeVar("T")


def remaining_s(context: Any) -> float:
    """How long the caller still waits; without a deadline a thread is held no longer than LONGEST_WAIT_S."""
    left = context.time_remaining()
    return LONGEST_WAIT_S if left is None else min(left, LONGEST_WAIT_S)


def tried_in_a_moment(run: Callable[[], T], passes: Callable[[Exception], bool]) -> T:
    """What `run` answers, which is called up to ten times within half a second while what it raises passes."""
    for _ in range(_MOST_TRIES - 1):
        try:
            return run()
        except Exception as error:
            if not passes(error):
                raise
        time.sleep(_A_MOMENT_S)
    return run()


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
