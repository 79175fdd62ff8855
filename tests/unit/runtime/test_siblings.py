"""Siblings are started again, soon where they seldom end and later where they keep ending."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from services.runtime.siblings import Siblings


class Ended:
    """A process that has ended at once."""

    returncode = -9

    def poll(self) -> int:
        return self.returncode

    def terminate(self) -> None: ...

    def wait(self, _: float | None = None) -> int:
        return self.returncode


class Clock:
    """Time passes as somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stopping(threading.Event):
    """Notes the pauses before a start, takes no time, and is set after so many of them."""

    def __init__(self, clock: Clock, pauses: int) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self._clock = clock
        self._wanted = pauses

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._clock.now += timeout
        if timeout >= 0.5:
            self.pauses.append(timeout)
        if len(self.pauses) == self._wanted:
            self.set()
        return self.is_set()


class Trial(Siblings):
    """One sibling whose ends a test tells."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pauses: int) -> None:
        super().__init__(1, lambda port: {}, 0.0)
        self.clock = Clock()
        monkeypatch.setattr("services.runtime.siblings.time", SimpleNamespace(monotonic=self.clock))
        self.stopping = self._stopping = Stopping(self.clock, pauses)
        self.starts: list[Any] = []

    def _spawn(self) -> Any:
        self.starts.append(self.clock.now)
        return Ended()


def test_the_pause_grows_while_they_keep_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch, pauses=8)
    trial._watch()
    assert trial.stopping.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_after_a_minute_without_an_end_the_pause_is_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lasting(Ended):
        """Ends after two minutes."""

        def __init__(self, clock: Clock) -> None:
            self._ends, self._clock = clock.now + 120, clock

        def poll(self) -> Any:
            return -9 if self._clock.now >= self._ends else None

    class Settled(Trial):
        def _spawn(self) -> Any:
            super()._spawn()
            return Lasting(self.clock) if len(self.starts) == 4 else Ended()

    trial = Settled(monkeypatch, pauses=5)
    trial._watch()
    assert trial.stopping.pauses == [0.5, 1.0, 2.0, 0.5, 1.0]


def test_one_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(Trial):
        def _spawn(self) -> Any:
            super()._spawn()
            if len(self.starts) < 3:
                raise BlockingIOError("Resource temporarily unavailable")
            return Ended()

    trial = Full(monkeypatch, pauses=3)
    trial._watch()
    assert len(trial.starts) == 3
