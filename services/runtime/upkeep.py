"""Upkeep: work on a database that comes round again and again beside the calls, in small batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from services.runtime.database import Database, TenantScope
from services.runtime.idempotency import expire
from services.runtime.worker import Worker

BATCH = 5_000


class Upkeep(Worker):
    """Does a round at once and then every so often; a round that fails is said in the log, and the next one comes."""

    def __init__(self, every_s: float) -> None:
        super().__init__("upkeep", "upkeep failed and is tried again later")
        self._every_s = every_s

    @abstractmethod
    def round(self) -> object:
        """Do what is to be done now, in batches; between two of them look whether `stopping` is set."""

    def work(self) -> None:
        """Do a round at once and then every so often."""
        while not self.stopping.is_set():
            self.round()
            self.rest()

    def rest(self) -> None:
        """Wait for the next round, also where the last one failed."""
        self.stopping.wait(self._every_s)

    def every_batch(self, batch: Callable[[], int]) -> int:
        """Repeat a batch until it finds less than BATCH to do; answers how much it did."""
        total, done = 0, BATCH
        while done >= BATCH and not self.stopping.is_set():
            done = batch()
            total += done
        return total


def forget_requests(database: Database) -> int:
    """Forget a batch of the request ids that are older than a day, of all companies; answers how many."""
    with database.transaction(TenantScope("")) as tx:
        return expire(tx, BATCH)
