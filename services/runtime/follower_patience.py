"""How long a follower tries a change that runs into the time limit of statements before it gives it up."""

from __future__ import annotations

import time

LONGEST_S = 120.0
LEAST_TRIES = 5


class Patience:
    """Remembers which changes ran into the limit while the feed waits for them, since when and how often.

    A busy database answers late and then in time again; a change that takes too long whatever happens must not stop
    those of all other companies for ever. So one is given up at its fifth try or later, two minutes after the first.
    """

    def __init__(self) -> None:
        self._late: dict[bytes, tuple[float, int]] = {}

    def is_over(self, change: bytes) -> bool:
        """Note that a change was late again; whether it is to be given up now."""
        now = time.monotonic()
        since, tries = self._late.get(change, (now, 0))
        self._late[change] = since, tries + 1
        return tries + 1 >= LEAST_TRIES and now - since >= LONGEST_S

    def forget(self) -> None:
        """The feed has gone on."""
        self._late.clear()
