"""Upkeep of the customers database: old changes leave the feed and old request ids are forgotten, of all companies."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from services.customers.store.feed_expiry import expire_changes
from services.runtime.database import Database, TenantScope
from services.runtime.failures import Failure
from services.runtime.idempotency import expire
from services.runtime.logs import get_logger

EVERY_S = 600.0
BATCH = 5_000

_log = get_logger("upkeep")


class Upkeep:
    """Works in small batches, so that it never holds the horizon of the feed back for long."""

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

    def round(self) -> dict[str, int]:
        """Removes all that is old; answers how many of what."""
        return {
            "changes": self._all(lambda: expire_changes(self._database, BATCH)),
            "request_ids": self._all(self._expire_request_ids),
        }

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                removed = self.round()
                if any(removed.values()):
                    _log.info("expired", **removed)
            except (psycopg.Error, Failure) as error:
                _log.warning("upkeep failed and is tried again later", cause=str(error))
            self._stopped.wait(self._every_s)

    def _all(self, expire_batch: Callable[[], int]) -> int:
        total = 0
        while not self._stopped.is_set():
            removed = expire_batch()
            total += removed
            if removed < BATCH:
                break
        return total

    def _expire_request_ids(self) -> int:
        with self._database.transaction(TenantScope("")) as tx:
            return expire(tx, BATCH)
