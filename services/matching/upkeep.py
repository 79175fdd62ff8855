"""Upkeep looks every few seconds for companies to derive anew or to sweep, and forgets old request ids."""

from itertools import count

from services.matching.operations.knowledge import KnownCompanies
from services.matching.operations.tend_company import companies_to_tend, tend_company
from services.runtime import upkeep
from services.runtime.database import Database

LOOK_EVERY_S = 2.0
_FORGET_EVERY = 300


class Upkeep(upkeep.Upkeep):
    """Finds what is to be done as the upkeep role, and does it company by company as the service's own."""

    def __init__(
        self, database: Database, of_all_companies: Database, known: KnownCompanies, key_cap: int, follower: str
    ) -> None:
        super().__init__(LOOK_EVERY_S)
        self._database = database
        self._of_all_companies = of_all_companies
        self._known = known
        self._key_cap = key_cap
        self._follower = follower
        self._rounds = count()

    def round(self) -> None:
        """Does what is to be done now."""
        if next(self._rounds) % _FORGET_EVERY == 0:
            self.every_batch(lambda: upkeep.forget_requests(self._of_all_companies))
        for company_id in companies_to_tend(self._of_all_companies):
            tend_company(
                self._database,
                self._known,
                company_id,
                self.stopping.is_set,
                cap=self._key_cap,
                follower=self._follower,
            )
