"""The bell of the feed: rings waiting streams when another session says that it has committed changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from services.runtime.database import Database
from services.runtime.failures import Failure

CHANNEL = "feed"

_LISTEN_FOR_S = 1.0
_AGAIN_AFTER_S = 0.5
_log = logging.getLogger(__name__)


class FeedBell:
    """Listens on one connection for the whole process. Without it streams poll, so it may fail and come back."""

    def __init__(self, database: Database, on_connect: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._on_connect = on_connect
        self._ears: set[threading.Event] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed bell", daemon=True)
        self.listening = threading.Event()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()
        with suppress(psycopg.Error, Failure), self._database.connection() as connection:
            connection.execute(f"NOTIFY {CHANNEL}")  # ends the listener's wait
        self._thread.join()

    def ring(self) -> None:
        """Wake every waiting stream: there may be changes to read."""
        with self._lock:
            ears = tuple(self._ears)
        for ear in ears:
            ear.set()

    @contextmanager
    def ear(self) -> Iterator[threading.Event]:
        """An event that is set with each ring; whoever waits on it clears it before it looks."""
        ear = threading.Event()
        with self._lock:
            self._ears.add(ear)
        try:
            yield ear
        finally:
            with self._lock:
                self._ears.discard(ear)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except (psycopg.Error, Failure) as error:
                _log.warning("the bell of the feed lost its connection, streams poll meanwhile: %s", error)
            finally:
                self.listening.clear()
            self._stopped.wait(_AGAIN_AFTER_S)

    def _listen(self) -> None:
        with self._database.dedicated() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._on_connect()
            self.listening.set()
            self.ring()
            while not self._stopped.is_set():
                heard = connection.notifies(timeout=_LISTEN_FOR_S, stop_after=1)
                if list(heard):  # to its end: a generator left half way keeps the connection locked
                    self.ring()
