"""Upkeep of the analytics database: old request ids are forgotten, of all companies."""

import threading

import psycopg

from services.runtime.database import Database, TenantScope
from services.runtime.failures import Failure
from services.runtime.idempotency import expire
from services.runtime.logs import get_logger

EVERY_S = 600.0
BATCH = 5_000

_log = get_logger("upkeep")


class Upkeep:
    """Works in small batches beside the calls."""

    def __init__(self, database: Database, every_s: float = EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin, with a first round at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch at work."""
        self._stopped.set()
        self._thread.join()

    def round(self) -> int:
        """Forgets all request ids that are old; answers how many."""
        total = 0
        while not self._stopped.is_set():
            with self._database.transaction(TenantScope("")) as tx:
                removed = expire(tx, BATCH)
            total += removed
            if removed < BATCH:
                break
        return total

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.round()
            except (psycopg.Error, Failure) as error:
                _log.warning("upkeep failed and is tried again later", cause=str(error))
            self._stopped.wait(self._every_s)
