"""What the log says of a feed that waits for a transaction which does not end: for how long, and for whose."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

SAID_AFTER_S = (1.0, 10.0, 60.0)
SAID_EVERY_S = 300.0
LOUD_FROM_S = 60.0

_log = logging.getLogger(__name__)


class HeldBack:
    """Speaks once for all streams of a process, seldomer and louder the longer it lasts, and when it is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._horizon = -1
        self._since = self._next_s = 0.0
        self._said = False

    def note(self, horizon: int, blame: Callable[[], str]) -> None:
        """Committed changes lie above the horizon still; `blame` tells who holds it."""
        with self._lock:
            if horizon != self._horizon:
                self._horizon, self._since, self._next_s = horizon, self._clock(), SAID_AFTER_S[0]
            lasts_s = self._clock() - self._since
            if lasts_s < self._next_s:
                return
            self._next_s = next((later for later in SAID_AFTER_S if later > lasts_s), lasts_s + SAID_EVERY_S)
            self._said = True
        level = logging.ERROR if lasts_s >= LOUD_FROM_S else logging.WARNING
        text = "the feed is held back for %.0f s by %s: no follower hears what is committed before that ends"
        _log.log(level, text, lasts_s, blame())

    def passed(self, horizon: int) -> None:
        """The horizon is there now, or nothing lies above it."""
        if not self._said:
            return
        with self._lock:
            was_said, self._said = self._said, False
            lasted_s, self._horizon = self._clock() - self._since, horizon
        if was_said:
            _log.warning("the feed goes on after %.0f s", lasted_s)
