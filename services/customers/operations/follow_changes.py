"""Follows the changes after a cursor: everything as it is now first where it is empty, then the log without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.customers.domain.cursor import (
    COMPANIES,
    CUSTOMERS,
    Cursor,
    LogPosition,
    SnapshotPosition,
    check_kept,
    expired,
    resume,
)
from services.customers.store import feed
from services.customers.store.feed import FeedRow, LogPage
from services.customers.store.feed_bell import FeedBell
from services.runtime.database import Database

QUIET_S = 1.0
DEAF_S = 0.1
HELD_BACK_S = (0.005, 0.1)
CHECKPOINT_GAP_S = 0.02


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Changes, and the cursor after them. Without changes it is a checkpoint or ends the pass over everything."""

    changes: Sequence[FeedRow]
    cursor: Cursor
    is_checkpoint: bool = False
    snapshot_done: bool = False


@dataclass(frozen=True, slots=True)
class FeedStream:
    """Whose changes are followed and how: an empty company means all of them."""

    database: Database
    bell: FeedBell
    company_id: str
    batch_size: int
    is_over: Callable[[], bool]

    def follow(self, after_cursor: str, ear: threading.Event) -> Iterator[FeedBatch]:
        """Batches without end, until the stream is over. Raises CursorExpired and FieldsInvalid."""
        cursor = self._start(after_cursor)
        while isinstance(cursor.position, SnapshotPosition):
            if self.is_over():
                return
            batch = self._snapshot_batch(cursor, cursor.position)
            yield batch
            cursor = batch.cursor
        yield from self._follow_log(cursor, cursor.position, ear)

    def _start(self, after_cursor: str) -> Cursor:
        bounds = feed.bounds(self.database)
        if not after_cursor:
            start = SnapshotPosition(bounds.horizon, COMPANIES)
            return Cursor(bounds.epoch, self.company_id, start)
        cursor = resume(after_cursor, bounds.epoch, self.company_id)
        check_kept(cursor.position, bounds.expired_below, bounds.next_xid)
        return cursor

    def _snapshot_batch(self, cursor: Cursor, after: SnapshotPosition) -> FeedBatch:
        rows = feed.read_snapshot(self.database, after, self.company_id, self.batch_size)
        if len(rows) == self.batch_size:
            return FeedBatch(rows, cursor.at(_after_row(after, rows[-1])))
        if after.subject == COMPANIES:
            return FeedBatch(rows, cursor.at(SnapshotPosition(after.horizon, CUSTOMERS)))
        return FeedBatch(rows, cursor.at(LogPosition(after.horizon)), snapshot_done=True)

    def _follow_log(self, cursor: Cursor, after: LogPosition, ear: threading.Event) -> Iterator[FeedBatch]:
        pace = _Pace(self.bell, ear)
        while not self.is_over():
            ear.clear()
            page = self._page(cursor, after)
            reached = LogPosition(page.horizon) if page.reached else LogPosition(page.rows[-1].xid + 1)
            if page.rows or pace.checkpoint_is_due(moved=reached.xid > after.xid):
                cursor, after = cursor.at(reached), reached
                yield FeedBatch(page.rows, cursor, is_checkpoint=not page.rows)
                pace.sent()
            if page.reached:
                pace.rest(held_back=page.held_back, owing=reached != after)

    def _page(self, cursor: Cursor, after: LogPosition) -> LogPage:
        page = feed.read_log(self.database, after, self.company_id, self.batch_size)
        if page.epoch != cursor.epoch:
            raise expired("the epoch was renewed")
        check_kept(after, page.expired_below, page.horizon)
        return page


class _Pace:
    """When to look again, and when to say that there was nothing."""

    def __init__(self, bell: FeedBell, ear: threading.Event) -> None:
        self._bell = bell
        self._ear = ear
        self._sent_at = float("-inf")
        self._held_back_for = HELD_BACK_S[0]

    def sent(self) -> None:
        """A batch or a checkpoint went out."""
        self._sent_at = time.monotonic()

    def checkpoint_is_due(self, *, moved: bool) -> bool:
        """Soon after the horizon moved, so that change tokens are met; else once a second."""
        return time.monotonic() - self._sent_at >= (CHECKPOINT_GAP_S if moved else QUIET_S)

    def rest(self, *, held_back: bool, owing: bool) -> None:
        """Wait for a ring; not long while rows are held back, a checkpoint is owed, or the bell is away."""
        longest = QUIET_S if self._bell.listening.is_set() else DEAF_S
        if held_back:
            longest = self._held_back_for
            self._held_back_for = min(self._held_back_for * 2, HELD_BACK_S[1])
        else:
            self._held_back_for = HELD_BACK_S[0]
        self._ear.wait(min(longest, CHECKPOINT_GAP_S) if owing else longest)


def _after_row(after: SnapshotPosition, row: FeedRow) -> SnapshotPosition:
    if after.subject == COMPANIES:
        return SnapshotPosition(after.horizon, COMPANIES, row.company_id)
    return SnapshotPosition(after.horizon, CUSTOMERS, row.company_id, row.payload["customer_id"])
