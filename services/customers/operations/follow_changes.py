"""Follows the changes after a cursor: everything as it is now first where it is empty, then the log without end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.customers.domain.cursor import (
    COMPANIES,
    Cursor,
    LogPosition,
    SnapshotPosition,
    check_kept,
    expired,
    resume,
)
from services.customers.domain.feed import Change, FeedBatch, after_last
from services.customers.operations.feed_held_back import HeldBack
from services.customers.operations.feed_pace import End, Pace
from services.customers.store import feed as feed_store
from services.customers.store.feed import LogPage
from services.customers.store.feed_bell import FeedBell
from services.runtime.database import Database
from services.runtime.failures import FieldCheck

DEFAULT_BATCH, LARGEST_BATCH = 500, 2_000


@dataclass(frozen=True, slots=True)
class ChangeFeed:
    """The feed of one database, read as the role that sees every company."""

    database: Database
    bell: FeedBell
    held_back: HeldBack = field(default_factory=HeldBack)

    def follow_changes(self, company_id: str, after_cursor: str, batch_size: int, end: End) -> Iterator[FeedBatch]:
        """Batches until the end is set; an empty company means all. Raises CursorExpired and FieldsInvalid."""
        size = _batch_size(batch_size)
        with self.bell.ear() as ear:
            end.call_back(ear.set)
            yield from _Stream(self, company_id, size, end, ear).follow(after_cursor)


@dataclass(frozen=True, slots=True)
class _Stream:
    feed: ChangeFeed
    company_id: str
    batch_size: int
    end: End
    ear: threading.Event

    def follow(self, after_cursor: str) -> Iterator[FeedBatch]:
        cursor = self._start(after_cursor)
        while isinstance(cursor.position, SnapshotPosition):
            if self.end.is_set():
                return
            batch = self._snapshot_batch(cursor, cursor.position)
            if batch.changes or batch.snapshot_done:
                yield batch
            cursor = batch.cursor
        yield from self._follow_log(cursor, cursor.position)

    def _start(self, after_cursor: str) -> Cursor:
        bounds = feed_store.bounds(self.feed.database)
        if not after_cursor:
            start = SnapshotPosition(bounds.horizon, COMPANIES)
            return Cursor(bounds.epoch, self.company_id, start)
        cursor = resume(after_cursor, bounds.epoch, self.company_id)
        check_kept(cursor.position, bounds.expired_below, bounds.next_xid)
        return cursor

    def _snapshot_batch(self, cursor: Cursor, after: SnapshotPosition) -> FeedBatch:
        """The things after a position: of its subject, and where there are few of them of the next ones too."""
        rows: list[Change] = []
        following: SnapshotPosition | None = after
        while following is not None:
            room = self.batch_size - len(rows)
            rows += feed_store.read_snapshot(self.feed.database, following, self.company_id, room)
            if len(rows) == self.batch_size:
                return FeedBatch(rows, cursor.at(after_last(after, rows[-1])))
            following = following.next_subject()
        return FeedBatch(rows, cursor.at(LogPosition(after.horizon)), snapshot_done=True)

    def _follow_log(self, cursor: Cursor, after: LogPosition) -> Iterator[FeedBatch]:
        pace = Pace(self.feed.database, self.feed.bell, self.feed.held_back, self.ear, self.end)
        while pace.goes_on():
            page = self._page(cursor, after)
            reached = LogPosition(page.horizon) if page.reached else LogPosition(page.rows[-1].xid + 1)
            if page.rows or pace.checkpoint_is_due(moved=reached.xid > after.xid, held_back=page.held_back):
                cursor, after = cursor.at(reached), reached
                yield FeedBatch(page.rows, cursor, is_checkpoint=not page.rows)
                pace.sent()
            if page.reached:
                pace.rest(page, owing=reached != after)

    def _page(self, cursor: Cursor, after: LogPosition) -> LogPage:
        page = feed_store.read_log(self.feed.database, after, self.company_id, self.batch_size)
        if page.epoch != cursor.epoch:
            raise expired("the epoch was renewed")
        check_kept(after, page.expired_below, page.horizon)
        return page


def _batch_size(requested: int) -> int:
    check = FieldCheck()
    check.require(0 <= requested <= LARGEST_BATCH, "batch_size", f"must be between 0 and {LARGEST_BATCH}")
    check.raise_if_any()
    return requested or DEFAULT_BATCH
