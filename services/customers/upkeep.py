"""Upkeep of the customers database: old changes leave the feed and old request ids are forgotten, of all companies."""

from __future__ import annotations

from services.customers.store.feed_expiry import expire_changes
from services.runtime import upkeep
from services.runtime.database import Database
from services.runtime.logs import get_logger

EVERY_S = 600.0

_log = get_logger("upkeep")


class Upkeep(upkeep.Upkeep):
    """Works in small batches, so that it never holds the horizon of the feed back for long."""

    def __init__(self, database: Database) -> None:
        super().__init__(EVERY_S)
        self._database = database

    def round(self) -> dict[str, int]:
        """Removes all that is old; answers how many of what."""
        removed = {
            "changes": self.every_batch(lambda: expire_changes(self._database, upkeep.BATCH)),
            "request_ids": self.every_batch(lambda: upkeep.forget_requests(self._database)),
        }
        if any(removed.values()):
            _log.info("expired", **removed)
        return removed
