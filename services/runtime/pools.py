"""Threads for calls, with a cap on how many calls may run and wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class CappedPool(ThreadPoolExecutor):
    """A thread pool that knows when it is full; whoever submits asks first, and refuses the call."""

    def __init__(self, workers: int, waiting: int, name: str) -> None:
        super().__init__(max_workers=workers, thread_name_prefix=name)
        self._cap = workers + waiting
        self._held = 0
        self._changed = threading.Condition()

    def is_full(self) -> bool:
        """Whether as many calls run and wait as may."""
        return self._held >= self._cap

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until no call runs or waits; answers whether that came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._held == 0, timeout)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the function in a thread."""
        with self._changed:
            self._held += 1
        try:
            future = super().submit(fn, *args, **kwargs)
        except BaseException:
            self._release()
            raise
        future.add_done_callback(self._release)
        return future

    def _release(self, _: Future[T] | None = None) -> None:
        with self._changed:
            self._held -= 1
            self._changed.notify_all()
