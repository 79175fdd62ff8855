"""Follows a change feed: exactly once in effect, one process at a time, and never stopped by one bad change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import grpc

from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.database_errors import database_failure
from services.runtime.failures import (
    ConflictRetry,
    CursorExpired,
    DatabaseUnavailable,
    Failure,
    LockTimeout,
    Overloaded,
    StatementTimeout,
)
from services.runtime.follower_batches import BatchSize
from services.runtime.follower_cursor import CursorMoved, advance, leads, park, reset, saved_cursor
from services.runtime.follower_patience import Patience
from services.runtime.worker import Worker

Change = TypeVar("Change")

_SHORTEST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_ASK_TO_LEAD_S = 1.0
# These pass, however long it takes: a change that meets them is tried again for ever, and never parked.
_TRANSIENT = (DatabaseUnavailable, ConflictRetry, LockTimeout, Overloaded)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Change]):
    """Changes in the order of the feed, the cursor after them, and how far the feed is complete with them."""

    changes: Sequence[Change]
    cursor: str
    horizon: int
    epoch: str
    is_checkpoint: bool = False


class Stream(Generic[Change]):
    """Batches that can be cancelled from another thread, which a generator alone cannot."""

    def __init__(self, batches: Iterator[Batch[Change]], cancel: Callable[[], object]) -> None:
        self._batches = batches
        self.cancel = cancel

    def __iter__(self) -> Iterator[Batch[Change]]:
        return self

    def __next__(self) -> Batch[Change]:
        return next(self._batches)


@dataclass(eq=False)
class Follower(Worker, Generic[Change]):
    """Applies the changes of a feed to one database.

    `open_stream(cursor, size)` gives the batches after a cursor, of `size` changes at the most; give a `Stream` so that
    `stop` can cancel it. A batch that runs into the time limit of statements is asked for again in halves.
    `apply(tx, company_id, changes)` applies some changes of one company, `after_batch(tx, batch)` runs in the
    same transaction once all are applied. `on_expired()` runs, possibly twice, before following from the start.
    """

    database: Database
    name: str
    open_stream: Callable[[str, int], Iterator[Batch[Change]]]
    apply: Callable[[Transaction, str, Sequence[Change]], None]
    company_of: Callable[[Change], str]
    encode: Callable[[Change], bytes] = field(default=lambda change: repr(change).encode())
    after_batch: Callable[[Transaction, Batch[Change]], None] | None = None
    on_expired: Callable[[], None] | None = None
    batch_size: int = 1000

    def __post_init__(self) -> None:
        rests_s = _SHORTEST_PAUSE_S, _LONGEST_PAUSE_S
        super().__init__("follower", "following is interrupted", rests_s, follower=self.name)
        self._stream: Iterator[Batch[Change]] | None = None
        self._patience = Patience()
        self._size = BatchSize(self.batch_size)

    def stop(self) -> None:
        """Stop following; a batch at hand is finished."""
        self.stopping.set()
        self._cancel()
        super().stop()

    def work(self) -> None:
        """Follow while no other process does; else ask for it again and again."""
        with self.database.dedicated() as lock:
            while not self.stopping.is_set():
                if leads(lock, self.name):
                    self._follow()
                    self.stopping.wait(_SHORTEST_PAUSE_S)
                else:
                    self.stopping.wait(_ASK_TO_LEAD_S)

    def _follow(self) -> None:
        cursor = saved_cursor(self.database, self.name)
        try:
            self._stream = self.open_stream(cursor, self._size.changes)
            while not self.stopping.is_set():
                batch = next(self._stream, None)
                if batch is None:
                    return
                self._take(batch, cursor)
                cursor = batch.cursor
                self.went_well()
                if self._size.in_time():
                    break
            self._cancel()
        except _TooLong as late:
            self._size.halve(late.changes)
            self.log.warning("a batch ran into the time limit; asking for fewer changes at once", changes=late.changes)
            self._cancel()
        except Exception as error:
            if self.stopping.is_set():
                return
            if not _is_expired(error):
                raise
            self._start_over()

    def _start_over(self) -> None:
        self.log.warning("the cursor has expired; following from the start")
        if self.on_expired is not None:
            self.on_expired()
        reset(self.database, self.name)

    def _cancel(self) -> None:
        cancel = getattr(self._stream, "cancel", None)
        if cancel is not None:
            cancel()

    def _take(self, batch: Batch[Change], cursor: str) -> None:
        try:
            self._commit(batch, cursor, self._apply_together)
        except CursorMoved:
            raise
        except Exception as error:
            if _is_transient(error):
                raise
            if _is_late(error) and self._size.changes > 1 and len(batch.changes) > 1:
                raise _TooLong(len(batch.changes)) from error
            self.log.warning("a batch failed; applying one by one", cause=str(error))
            self._commit(batch, cursor, self._apply_one_by_one)
        self._patience.forget()
        self.database.horizon(self.name).move(batch.epoch, batch.horizon)

    def _commit(self, batch: Batch[Change], cursor: str, apply: Callable[[Transaction, Batch[Change]], int]) -> None:
        scope = TenantScope("", actor="follower", actor_name=self.name)
        with self.database.transaction(scope) as tx:
            parked = apply(tx, batch)
            if self.after_batch is not None:
                self.after_batch(tx, batch)
            applied = len(batch.changes) - parked
            advance(tx, self.name, cursor, batch.cursor, batch.epoch, batch.horizon, applied, parked)

    def _apply_together(self, tx: Transaction, batch: Batch[Change]) -> int:
        for company, changes in self._by_company(batch).items():
            tx.set_company(company)
            self.apply(tx, company, changes)
        return 0

    def _apply_one_by_one(self, tx: Transaction, batch: Batch[Change]) -> int:
        parked = 0
        for company, changes in self._by_company(batch).items():
            tx.set_company(company)
            for change in changes:
                parked += not self._apply_or_park(tx, company, change, batch.cursor)
        return parked

    def _apply_or_park(self, tx: Transaction, company: str, change: Change, cursor: str) -> bool:
        try:
            with tx.savepoint():
                self.apply(tx, company, [change])
            return True
        except Exception as error:
            encoded = self.encode(change)
            if _is_transient(error) or (_is_late(error) and not self._patience.is_over(encoded)):
                raise
            park(tx, company, self.name, cursor, encoded, error)
            self.log.error("a change is parked", company=company, cursor=cursor, exc_info=error)
            return False

    def _by_company(self, batch: Batch[Change]) -> dict[str, list[Change]]:
        groups: dict[str, list[Change]] = {}
        for change in batch.changes:
            groups.setdefault(self.company_of(change), []).append(change)
        return groups


class _TooLong(Exception):  # noqa: N818 - a name of what is true
    """A batch ran into the time limit of statements."""

    def __init__(self, changes: int) -> None:
        super().__init__(f"{changes} changes take too long together")
        self.changes = changes


def _is_transient(error: BaseException) -> bool:
    return isinstance(_failure(error), _TRANSIENT)


def _is_late(error: BaseException) -> bool:
    return isinstance(_failure(error), StatementTimeout)


def _failure(error: BaseException) -> Failure | None:
    return error if isinstance(error, Failure) else database_failure(error)


def _is_expired(error: Exception) -> bool:
    if isinstance(error, CursorExpired):
        return True
    return isinstance(error, grpc.Call) and error.code() == grpc.StatusCode.OUT_OF_RANGE
