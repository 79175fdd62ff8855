"""The pace of a stream of the change feed: when to look again, and when to say that there was nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from services.customers.operations.feed_held_back import HeldBack
from services.customers.store.feed import LogPage, blocker
from services.customers.store.feed_bell import FeedBell
from services.runtime.database import Database

QUIET_S = 1.0
DEAF_S = 0.1
LOOK_GAP_S = 0.003
CHECKPOINT_GAP_S = 0.02
HELD_BACK_S = (0.005, 0.1)


class End(Protocol):
    """When a stream is over."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool: ...

    def call_back(self, callback: Callable[[], None]) -> None: ...


class Pace:
    """Looks at once when the bell rings, often while committed changes lie above the horizon, else seldom."""

    def __init__(self, database: Database, bell: FeedBell, held_back: HeldBack, ear: threading.Event, end: End) -> None:
        self._database = database
        self._bell = bell
        self._held_back = held_back
        self._ear = ear
        self._end = end
        self._looked_at = self._sent_at = float("-inf")
        self._horizon = 0
        self._pause = HELD_BACK_S[0]

    def goes_on(self) -> bool:
        """Whether to look again; a moment after the last look, so that many commits are read together."""
        early = self._looked_at + LOOK_GAP_S - time.monotonic()
        if early > 0:
            self._end.wait(early)
        self._ear.clear()
        self._looked_at = time.monotonic()
        return not self._end.is_set()

    def sent(self) -> None:
        """A batch or a checkpoint went out."""
        self._sent_at = time.monotonic()

    def checkpoint_is_due(self, *, moved: bool, held_back: bool) -> bool:
        """Soon after the horizon moved, so that change tokens are met; else once a second.

        Not while changes are held back: a follower that were told of nothing would take what it has for all there is.
        """
        if held_back and not moved:
            return False
        return time.monotonic() - self._sent_at >= (CHECKPOINT_GAP_S if moved else QUIET_S)

    def rest(self, page: LogPage, *, owing: bool) -> None:
        """Wait for a ring; not long while changes are held back, a checkpoint is owed, or the bell is away."""
        longest = QUIET_S if self._bell.listening.is_set() else DEAF_S
        if page.horizon != self._horizon or not page.held_back:
            self._moved_on(page.horizon)
        if page.held_back:
            self._held_back.note(page.horizon, lambda: blocker(self._database, page.horizon))
            longest, self._pause = self._pause, min(self._pause * 2, HELD_BACK_S[1])
        self._ear.wait(min(longest, CHECKPOINT_GAP_S) if owing else longest)

    def _moved_on(self, horizon: int) -> None:
        self._horizon, self._pause = horizon, HELD_BACK_S[0]
        self._held_back.passed(horizon)
