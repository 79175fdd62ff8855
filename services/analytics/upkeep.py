"""Upkeep of the analytics database: old request ids are forgotten, of all companies."""

from services.runtime import upkeep
from services.runtime.database import Database

EVERY_S = 600.0


class Upkeep(upkeep.Upkeep):
    """Works in small batches beside the calls."""

    def __init__(self, database: Database) -> None:
        super().__init__(EVERY_S)
        self._database = database

    def round(self) -> int:
        """Forgets all request ids that are old; answers how many."""
        return self.every_batch(lambda: upkeep.forget_requests(self._database))
