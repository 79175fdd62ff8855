"""The log of the change feed: nothing that is committed is left out, whatever order it is committed in."""

import threading
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest

from services.customers.domain.cursor import NO_ID, LogPosition
from services.customers.domain.feed import Change
from services.customers.store import feed as store
from services.customers.store.feed import LogPage
from tests.fixtures.databases import Databases, ServiceDatabase
from tests.integration.customers.feed_setup import Feed, Writer, changes, commit, feed_of, revisions


@pytest.fixture
def feed(customers_database: ServiceDatabase) -> Iterator[Feed]:
    with feed_of(customers_database) as made:
        yield made


def read(feed: Feed, after: LogPosition, *, company_id: str = "", limit: int = 500) -> LogPage:
    return store.read_log(feed.database, after, company_id, limit)


def start(feed: Feed) -> LogPosition:
    return LogPosition(store.bounds(feed.database).horizon)


def test_a_late_commit_is_not_lost(customers_database: ServiceDatabase, feed: Feed) -> None:
    begin = start(feed)
    late, early = Writer(customers_database), Writer(customers_database)
    assert late.write(1) < early.write(2)
    early.commit()
    before = read(feed, begin)
    assert (before.rows, before.held_back) == ([], True)
    late.commit()
    after = read(feed, LogPosition(before.horizon))
    assert revisions(list(after.rows)) == [1, 2]
    assert not after.held_back


def test_a_growing_cursor_over_committed_rows_would_lose_it(customers_database: ServiceDatabase, feed: Feed) -> None:
    late, early = Writer(customers_database), Writer(customers_database)
    late.write(1)
    early.write(2)
    early.commit()
    with psycopg.connect(customers_database.feed_url) as naive:
        [(last, revision)] = naive.execute("SELECT seq, revision FROM feed").fetchall()
        late.commit()
        later = naive.execute("SELECT revision FROM feed WHERE seq > %s", (last,)).fetchall()
    assert (revision, later) == (2, [])


def test_an_open_write_in_another_database_holds_the_feed_back(
    customers_database: ServiceDatabase, feed: Feed, databases: Databases
) -> None:
    begin = start(feed)
    with psycopg.connect(databases.of_service("customers").admin_url) as elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        commit(customers_database, 1)
        assert read(feed, begin).held_back
    assert revisions(list(read(feed, begin).rows)) == [1]


def test_who_holds_the_feed_back_is_named(customers_database: ServiceDatabase, feed: Feed) -> None:
    begin = start(feed)
    held = Writer(customers_database)
    held.write(1)
    assert "customers_runtime in " + customers_database.name in store.blocker(feed.database, begin.xid)
    held.commit()
    assert store.blocker(feed.database, begin.xid) == "nobody any more"


def test_what_is_rolled_back_is_never_sent(customers_database: ServiceDatabase, feed: Feed) -> None:
    begin = start(feed)
    undone = Writer(customers_database)
    undone.write(1)
    undone.roll_back()
    commit(customers_database, 2)
    assert revisions(list(read(feed, begin).rows)) == [2]


def test_a_batch_never_splits_a_transaction(customers_database: ServiceDatabase, feed: Feed) -> None:
    begin = start(feed)
    xid = commit(customers_database, 1, 2, 3, 4, 5)
    commit(customers_database, 6)
    first = read(feed, begin, limit=2)
    assert (revisions(list(first.rows)), first.reached) == ([1, 2, 3, 4, 5], False)
    rest = read(feed, LogPosition(xid + 1), limit=2)
    assert (revisions(list(rest.rows)), rest.reached) == ([6], True)


def test_a_cursor_inside_a_transaction_gives_the_rest_of_it(customers_database: ServiceDatabase, feed: Feed) -> None:
    begin = start(feed)
    xid = commit(customers_database, 1, 2, 3)
    middle = read(feed, begin).rows[1]
    assert revisions(list(read(feed, LogPosition(xid, middle.seq)).rows)) == [3]


def test_one_company_gets_its_own_changes_and_all_companies_get_all(
    customers_database: ServiceDatabase, feed: Feed
) -> None:
    begin = start(feed)
    commit(customers_database, 1, company_id="acme")
    commit(customers_database, 2, company_id="other")
    assert revisions(list(read(feed, begin, company_id="acme").rows)) == [1]
    assert revisions(list(read(feed, begin, company_id="nobody").rows)) == []
    assert revisions(list(read(feed, begin).rows)) == [1, 2]


def test_only_the_role_of_the_feed_reads_it_and_it_writes_nothing(customers_database: ServiceDatabase) -> None:
    with (
        psycopg.connect(customers_database.runtime_url) as runtime,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        runtime.execute("SELECT * FROM feed")
    for table in ("feed", "customers", "companies", "notes", "database_epoch"):
        with psycopg.connect(customers_database.feed_url) as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(f"DELETE FROM {table}")
    with psycopg.connect(customers_database.feed_url) as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute("SELECT * FROM notes")


def test_a_cursor_resumes_after_each_batch_without_loss_or_double(
    customers_database: ServiceDatabase, feed: Feed
) -> None:
    cursor, found = feed.now(), list[Change]()
    for revision in range(1, 8):
        commit(customers_database, revision)
    while len(found) < 7:
        batch = next(feed.stream(cursor, size=2))
        found += batch.changes
        cursor = batch.cursor.encode()
    assert revisions(found) == [1, 2, 3, 4, 5, 6, 7]


def test_of_many_writers_at_once_each_change_is_sent_exactly_once(
    customers_database: ServiceDatabase, feed: Feed
) -> None:
    writers, each = 4, 25
    stream = feed.stream(feed.now(), size=3)
    together = threading.Barrier(writers)

    def write(number: int) -> None:
        together.wait()
        for turn in range(each):
            writer = Writer(customers_database)
            writer.write(number * 1_000 + turn)
            (writer.roll_back if turn % 5 == 4 else writer.commit)()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    expected = [number * 1_000 + turn for number in range(writers) for turn in range(each) if turn % 5 != 4]
    found = changes(stream, len(expected))
    for thread in threads:
        thread.join()
    assert sorted(revisions(found)) == expected


def test_the_log_is_read_through_its_key_from_the_cursor_on(customers_database: ServiceDatabase, feed: Feed) -> None:
    with psycopg.connect(customers_database.admin_url, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO feed (xid, company_id, subject, kind, revision, payload) "
            "SELECT n::text::xid8, 'acme', 'customer', 'UPDATED', n, '{}' FROM generate_series(3, 500) n"
        )
    plan = plan_of(feed, store.LOG.format(of_company=""), xid="400", seq=0, limit=10)
    assert "Index Scan using feed_pkey on feed" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan.replace("Seq Scan on database_epoch", "")


@pytest.mark.parametrize("sql", [store.CUSTOMERS_OF_ALL, store.CUSTOMERS_OF_ONE])
def test_everything_is_read_in_the_order_of_its_key(customers_database: ServiceDatabase, feed: Feed, sql: str) -> None:
    with psycopg.connect(customers_database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE customers DISABLE TRIGGER ALL")
        admin.execute(
            "INSERT INTO customers (company_id, customer_id, root_id, own, view, etag, revision, state,"
            " lifecycle_stage, name_sort, created_at, updated_at)"
            " SELECT 'acme', u, u, '{}', '{}', '', 1, 'ACTIVE', 'LEAD', '', now(), now()"
            " FROM (SELECT gen_random_uuid() AS u FROM generate_series(1, 3000)) made"
        )
        admin.execute("ANALYZE customers")
    plan = plan_of(feed, sql, company_id="acme", after_company="acme", after_thing=NO_ID, limit=500)
    assert "Index Scan using customers_pkey" in plan
    assert "Sort" not in plan
    assert "Filter" not in plan


def plan_of(feed: Feed, sql: str, **parameters: Any) -> str:
    with feed.database.connection() as connection:
        return "\n".join(row[0] for row in connection.execute(cast(Any, "EXPLAIN " + sql), parameters))
