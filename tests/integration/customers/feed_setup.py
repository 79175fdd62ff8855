"""What the tests of the feed share: writers that hold their transactions open, and streams that are read by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from services.customers.domain.feed import Change, FeedBatch
from services.customers.operations.follow_changes import ChangeFeed
from services.customers.store import feed as store
from services.customers.store.feed_bell import FeedBell
from services.runtime.database import Database
from services.runtime.streams import StreamEnd
from tests.fixtures.databases import ServiceDatabase

INSERT = """
INSERT INTO feed (company_id, subject, kind, revision, payload)
VALUES (app_company(), 'customer', 'UPDATED', %s, %s)
"""


class Writer:
    """One open transaction of a company that writes to the feed."""

    def __init__(self, database: ServiceDatabase, company_id: str = "acme") -> None:
        self._connection = psycopg.connect(database.runtime_url)
        self._connection.execute("SELECT set_config('app.company_id', %s, true)", (company_id,))

    def write(self, revision: int) -> int:
        """A change, told apart by its revision; answers the id of the transaction."""
        self._connection.execute(INSERT, (revision, json.dumps({"revision": revision})))
        row = self._connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert row is not None
        return int(row[0])

    def commit(self) -> None:
        self._connection.commit()
        self._connection.close()

    def roll_back(self) -> None:
        self._connection.rollback()
        self._connection.close()


def commit(database: ServiceDatabase, *revisions: int, company_id: str = "acme") -> int:
    """A transaction with these changes, committed; answers its id."""
    writer = Writer(database, company_id)
    xids = {writer.write(revision) for revision in revisions}
    writer.commit()
    [xid] = xids
    return xid


@dataclass
class Feed:
    """The feed of one database, its bell not yet listening."""

    database: Database
    bell: FeedBell

    def stream(
        self, cursor: str = "", *, company_id: str = "", size: int = 0, end: StreamEnd | None = None
    ) -> Iterator[FeedBatch]:
        return ChangeFeed(self.database, self.bell).follow_changes(company_id, cursor, size, end or StreamEnd())

    def now(self, company_id: str = "") -> str:
        """A cursor after everything that is there now."""
        for batch in self.stream(company_id=company_id):
            if batch.is_checkpoint:
                return batch.cursor.encode()
        raise AssertionError("a stream has no end")


@contextmanager
def feed_of(database: ServiceDatabase) -> Iterator[Feed]:
    connections = Database(database.feed_url, application_name="feed")
    try:
        store.bounds(connections)  # as at the start of the service, before anyone writes
        yield Feed(connections, FeedBell(connections))
    finally:
        connections.close()


def changes(stream: Iterator[FeedBatch], count: int) -> list[Change]:
    """The next changes of a stream, at least as many."""
    found: list[Change] = []
    while len(found) < count:
        found.extend(next(stream).changes)
    return found


def revisions(found: list[Change] | tuple[Change, ...]) -> list[int]:
    return [change.revision for change in found]
