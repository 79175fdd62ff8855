"""How many changes a follower asks for at once: fewer after some that took too long together, more again later."""

from __future__ import annotations

_IN_A_ROW = 16


class BatchSize:
    """Halves what took too long, and doubles it again once many batches in a row were in time.

    A batch is one transaction, and the feed of everybody waits for the oldest one that is open: what does not fit the
    time limit of a statement must become shorter, not be done in a longer transaction.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._in_time = 0
        self.changes = most

    def halve(self, took_too_long: int) -> None:
        """So many changes took too long together; there are two at least."""
        self.changes = max(1, min(self.changes, took_too_long) // 2)
        self._in_time = 0

    def in_time(self) -> bool:
        """A batch was in time; whether more are asked for from now on."""
        self._in_time += 1
        if self.changes == self._most or self._in_time < _IN_A_ROW:
            return False
        self.changes, self._in_time = min(self._most, 2 * self.changes), 0
        return True
