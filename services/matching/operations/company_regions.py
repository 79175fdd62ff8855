"""Company regions owns by which region a record from outside is read, without asking the database each time."""

import time

from services.matching.store import companies
from services.runtime.database import Database, TenantScope

_KEPT_S = 5.0
_MOST_KEPT = 10_000


class CompanyRegions:
    """The regions of companies, each known for a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[str, float]] = {}

    def region_of(self, company_id: str, *, fresh: bool = False) -> str:
        """Return the region of a company; `fresh` asks anew, for a caller that has just changed it."""
        region, until = self._known.get(company_id, ("", 0.0))
        if fresh or until < time.monotonic():
            with self._database.transaction(TenantScope(company_id), read_only=True) as tx:
                region = companies.known_region(tx)
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[company_id] = region, time.monotonic() + _KEPT_S
        return region
