"""A feed in memory, what applies its changes, and followers of it on one database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from services.runtime.database import Database, Transaction
from services.runtime.failures import CursorExpired
from services.runtime.follower import Batch, Follower, Stream
from services.runtime.freshness import ChangeToken, wait_until_fresh

LONG_S = 60.0
NAME = "things"


@dataclass(frozen=True)
class Change:
    company: str
    name: str


@dataclass
class Feed:
    """A feed that keeps every batch and answers from any cursor; a batch's cursor is its number."""

    batches: list[Batch[Change]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    epoch: str = "e1"
    grown: threading.Condition = field(default_factory=threading.Condition)

    def add(self, *changes: Change, is_checkpoint: bool = False) -> int:
        """Append a batch; answers its horizon."""
        with self.grown:
            number = len(self.batches) + 1
            self.batches.append(Batch(changes, str(number), number * 10, self.epoch, is_checkpoint))
            self.grown.notify_all()
            return number * 10

    def open(self, cursor: str, _: int = 0) -> Stream[Change]:
        self.asked.append(cursor)
        if cursor in self.expired:
            raise CursorExpired("Follow from the start.")
        cancelled = threading.Event()

        def cancel() -> None:
            with self.grown:
                cancelled.set()
                self.grown.notify_all()

        return Stream(self._from(int(cursor or 0), cancelled), cancel)

    def _from(self, number: int, cancelled: threading.Event) -> Iterator[Batch[Change]]:
        while True:
            with self.grown:
                while not cancelled.is_set() and len(self.batches) <= number:
                    self.grown.wait()
                if cancelled.is_set():
                    return
                batch = self.batches[number]
            yield batch
            number += 1


@dataclass
class Application:
    """Writes each change as a row, and fails as it is told."""

    poison: set[str] = field(default_factory=set)
    crashes: list[Exception] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def __call__(self, tx: Transaction, company: str, changes: Sequence[Change]) -> None:
        self.before()
        for change in changes:
            assert change.company == company
            tx.execute("INSERT INTO things (company_id, name) VALUES (app_company(), %s)", (change.name,))
            if change.name in self.poison:
                raise ValueError(f"cannot apply {change.name}")
        if self.crashes:
            raise self.crashes.pop()


class Bench:
    """Starts followers of one feed on one database."""

    def __init__(self, database: Database, admin_url: str) -> None:
        self.database = database
        self.feed = Feed()
        self.apply = Application()
        self._admin_url = admin_url
        self._followers: list[Follower[Change]] = []

    def follow(self, database: Database | None = None, **options: Any) -> Follower[Change]:
        follower = Follower(
            database=database or self.database,
            name=NAME,
            open_stream=self.feed.open,
            apply=self.apply,
            company_of=lambda change: change.company,
            encode=lambda change: change.name.encode(),
            **options,
        )
        follower.start()
        self._followers.append(follower)
        return follower

    def stop(self) -> None:
        for follower in self._followers:
            follower.stop()

    def until_applied(self, horizon: int) -> None:
        wait_until_fresh(self.database, NAME, ChangeToken(self.feed.epoch, horizon - 1), LONG_S)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._admin_url) as admin:
            return admin.execute(sql.encode()).fetchall()

    def applied(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT company_id, name FROM things ORDER BY name")

    def cursor(self) -> tuple[Any, ...]:
        [row] = self.rows("SELECT cursor, epoch, horizon, applied, parked FROM follower_cursors")
        return row


def wait_for(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LONG_S
    tick = threading.Event()
    while not holds():
        assert time.monotonic() < give_up
        tick.wait(0.01)
