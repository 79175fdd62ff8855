"""Tells the other processes that changes were committed: after the commit, many commits by one NOTIFY."""

from __future__ import annotations

import logging
import threading

import psycopg

from services.customers.store.feed_bell import CHANNEL, FeedBell
from services.runtime.database import Database

_AGAIN_AFTER_S = 0.5
_log = logging.getLogger(__name__)


class FeedNotifier:
    """NOTIFY inside a write would halve the rate of writes, so a thread of its own does it afterwards."""

    def __init__(self, database: Database, bell: FeedBell) -> None:
        self._database = database
        self._bell = bell
        self._committed = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed notifier", daemon=True)

    def start(self) -> None:
        """Begin to notify."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is committed from now on is found by polling."""
        self._stopped.set()
        self._committed.set()
        self._thread.join()

    def committed(self) -> None:
        """Something was committed: streams of this process look at once, those of others are notified."""
        self._bell.ring()
        self._committed.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._notify()
            except psycopg.Error as error:
                _log.warning("the feed cannot notify, streams of other processes poll meanwhile: %s", error)
                self._stopped.wait(_AGAIN_AFTER_S)

    def _notify(self) -> None:
        with self._database.dedicated() as connection:
            while not self._stopped.is_set():
                self._committed.wait()
                self._committed.clear()
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._bell.name))
