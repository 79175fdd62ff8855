"""Crew owns the threads that a scan works with, telling how far they are and stopping them when asked to."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from services.matching.engine.options import Watch

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(slots=True)
class Crew:
    """Does the same to many things, some at a time; numpy and rapidfuzz let other threads run meanwhile."""

    watch: Watch
    threads: int

    @staticmethod
    def of(watch: Watch, threads: int) -> "Crew":
        """Take so many threads; 0 is one for each core."""
        return Crew(watch, threads or os.cpu_count() or 1)

    def each(
        self, stage: str, work: Callable[[Item], Made], items: Sequence[Item], span: tuple[float, float] = (0.0, 1.0)
    ) -> Iterator[Made]:
        """Yield the results in the order of the items; `span` is the part of the stage that this takes."""
        begin, end = span
        with ExitStack() as stack:
            for number, made in enumerate(self._made(work, items, stack)):
                self.watch.at(stage, begin + (end - begin) * (number + 1) / len(items))
                yield made

    def _made(self, work: Callable[[Item], Made], items: Sequence[Item], stack: ExitStack) -> Iterator[Made]:
        """Return the results as they are made: by threads, or here where there is but one to do it or one to be done.

        What waits is not done any more when the caller stops before the end.
        """
        if min(self.threads, len(items)) <= 1:
            return map(work, items)
        pool = stack.enter_context(ThreadPoolExecutor(min(self.threads, len(items))))
        stack.callback(pool.shutdown, cancel_futures=True)
        return pool.map(work, items)
