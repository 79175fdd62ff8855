"""Upkeep looks every few seconds for companies to derive anew or to sweep, and forgets old request ids."""

import threading

from services.matching.operations.tend_company import companies_to_tend, forget_requests, tend_company
from services.runtime.database import Database
from services.runtime.logs import get_logger

LOOK_EVERY_S = 2.0
_FORGET_EVERY = 300

_log = get_logger("upkeep")


class Upkeep:
    """Work beside the calls."""

    def __init__(self, database: Database, upkeep: Database) -> None:
        self._database = database
        self._upkeep = upkeep
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch at hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            try:
                self.look(forget=rounds % _FORGET_EVERY == 0)
            except Exception as error:
                _log.warning("upkeep is interrupted", cause=f"{type(error).__name__}: {error}")
            rounds += 1
            self._stopping.wait(LOOK_EVERY_S)

    def look(self, *, forget: bool = False) -> None:
        """Do what is to be done now."""
        for company_id in companies_to_tend(self._upkeep):
            tend_company(self._database, company_id, self._stopping.is_set)
        if forget:
            forget_requests(self._upkeep)
