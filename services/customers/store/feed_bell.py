"""The bell of the feed: rings waiting streams when another session says that it has committed changes."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from services.runtime.database import Database

CHANNEL = "feed"

_LISTEN_FOR_S = 1.0
_AGAIN_AFTER_S = 0.5
_log = logging.getLogger(__name__)


class FeedBell:
    """Listens on one connection for the whole process. Without it streams poll, so it may fail and come back."""

    def __init__(self, database: Database, on_connect: Callable[[], None] = lambda: None) -> None:
        self.name = uuid.uuid4().hex
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
        """Stop listening and wake every stream."""
        self._stopped.set()
        self.ring()
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
            except psycopg.Error as error:
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
                # What this process committed has rung already.
                if any(notification.payload != self.name for notification in heard):
                    self.ring()
