"""Tells listeners of a channel that something was committed: at most one NOTIFY in flight for each process."""

from __future__ import annotations

import threading

import psycopg
from psycopg import sql

from services.runtime.connections import Connection
from services.runtime.database import Database
from services.runtime.logs import get_logger

_RETRY_S = 1.0

_log = get_logger("notifier")


class Notifier:
    """Sends one NOTIFY for all commits that happened while the one before was on its way.

    A NOTIFY inside each write would halve the write rate: it makes the commits of a database queue up.
    """

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._statement = sql.SQL("NOTIFY {}").format(sql.Identifier(channel))
        self._poked = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def poke(self) -> None:
        """Something was committed; returns at once."""
        if self._thread is None:
            self.start()
        self._poked.set()

    def start(self) -> None:
        """Begin to send; the first poke does so too."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Stop sending."""
        self._stopping.set()
        self._poked.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._poked.wait()
            try:
                with self._database.dedicated() as connection:
                    self._send(connection)
            except psycopg.Error as error:
                _log.warning("cannot notify; readers poll meanwhile", cause=str(error))
                self._poked.set()
                self._stopping.wait(_RETRY_S)

    def _send(self, connection: Connection) -> None:
        while self._poked.wait() and not self._stopping.is_set():
            self._poked.clear()
            connection.execute(self._statement, prepare=False)
