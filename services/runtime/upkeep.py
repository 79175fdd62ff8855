"""Upkeep: work on a database that comes round again and again beside the calls, in small batches."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from services.runtime.database import Database, TenantScope
from services.runtime.idempotency import expire
from services.runtime.logs import get_logger

BATCH = 5_000

_log = get_logger("upkeep")


class Upkeep(ABC):
    """Does a round at once and then every so often; a round that fails is said in the log, and the next one comes."""

    def __init__(self, every_s: float) -> None:
        self.stopping = threading.Event()
        self._every_s = every_s
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    @abstractmethod
    def round(self) -> object:
        """Do what is to be done now, in batches; between two of them look whether `stopping` is set."""

    def start(self) -> None:
        """Begin, with a first round at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch at work."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def every_batch(self, batch: Callable[[], int]) -> int:
        """Repeat a batch until it finds less than BATCH to do; answers how much it did."""
        total, done = 0, BATCH
        while done >= BATCH and not self.stopping.is_set():
            done = batch()
            total += done
        return total

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.round()
            except Exception as error:
                _log.warning("upkeep failed and is tried again later", cause=f"{type(error).__name__}: {error}")
            self.stopping.wait(self._every_s)


def forget_requests(database: Database) -> int:
    """Forget a batch of the request ids that are older than a day, of all companies; answers how many."""
    with database.transaction(TenantScope("")) as tx:
        return expire(tx, BATCH)
