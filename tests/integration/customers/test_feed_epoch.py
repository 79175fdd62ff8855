"""The epoch of the database and what the feed still keeps: a cursor that cannot be resumed is told so."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from services.customers.store import feed as store
from services.customers.upkeep import Upkeep
from services.runtime.database import Database
from services.runtime.failures import CursorExpired
from tests.fixtures.databases import Databases, ServiceDatabase
from tests.integration.customers.feed_setup import Feed, changes, commit, feed_of, revisions

AGE = "UPDATE feed SET created_at = now() - interval '8 days' WHERE revision <= %s"


@pytest.fixture
def feed(customers_database: ServiceDatabase) -> Iterator[Feed]:
    with feed_of(customers_database) as made:
        yield made


@pytest.fixture
def upkeep(customers_database: ServiceDatabase) -> Iterator[Upkeep]:
    database = Database(customers_database.upkeep_url, application_name="upkeep")
    yield Upkeep(database)
    database.close()


def clone(databases: Databases, original: ServiceDatabase) -> ServiceDatabase:
    """A copy of the files under another name, as a restore makes it."""
    name = original.name + "_restored"
    with psycopg.connect(original.admin_url.replace(original.name, "postgres"), autocommit=True) as admin:
        end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s"
        admin.execute(end, (original.name,))
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        admin.execute(statement.format(sql.Identifier(name), sql.Identifier(original.name)))
    databases.leave(name)
    return databases.describe("customers", name)


def test_the_epoch_stays_from_one_start_to_the_next(feed: Feed) -> None:
    assert store.bounds(feed.database).epoch == store.bounds(feed.database).epoch


def test_a_restored_database_has_a_new_epoch(customers_database: ServiceDatabase, databases: Databases) -> None:
    with feed_of(customers_database) as before:
        cursor, epoch = before.now(), store.bounds(before.database).epoch
        commit(customers_database, 1)
    restored = clone(databases, customers_database)
    with psycopg.connect(restored.admin_url) as admin:
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO customers_feed, customers_runtime").format(
                sql.Identifier(restored.name)
            )
        )
    with feed_of(restored) as after:
        assert store.bounds(after.database).epoch != epoch
        with pytest.raises(CursorExpired):
            next(after.stream(cursor))
        fresh = after.now()
        commit(restored, 2)
        assert revisions(changes(after.stream(fresh), 1)) == [2]


@pytest.mark.parametrize("column", ["system_identifier", "timeline"])
def test_another_system_or_timeline_begins_a_new_epoch(
    customers_database: ServiceDatabase, feed: Feed, column: str
) -> None:
    cursor, epoch = feed.now(), store.bounds(feed.database).epoch
    commit(customers_database, 1)
    with psycopg.connect(customers_database.admin_url) as admin:
        admin.execute(f"UPDATE database_epoch SET {column} = {column} - 1")
    assert store.bounds(feed.database).epoch != epoch
    with pytest.raises(CursorExpired):
        next(feed.stream(cursor))
    with psycopg.connect(customers_database.admin_url) as admin:
        assert admin.execute("SELECT count(*) FROM feed").fetchone() == (0,)


def test_an_open_stream_ends_when_the_epoch_is_renewed(customers_database: ServiceDatabase, feed: Feed) -> None:
    stream = feed.stream(feed.now())
    next(stream)
    with psycopg.connect(customers_database.admin_url) as admin:
        admin.execute("UPDATE database_epoch SET epoch = 'another'")
    with pytest.raises(CursorExpired):
        next(stream)


def test_a_cursor_from_a_later_life_of_the_same_files_is_expired(feed: Feed) -> None:
    from services.customers.domain.cursor import Cursor, LogPosition

    ahead = Cursor(store.bounds(feed.database).epoch, "", LogPosition(2**40))
    with pytest.raises(CursorExpired):
        next(feed.stream(ahead.encode()))


def test_changes_older_than_seven_days_go_and_a_cursor_before_them_is_expired(
    customers_database: ServiceDatabase, feed: Feed, upkeep: Upkeep
) -> None:
    before = feed.now()
    commit(customers_database, 1, 2)
    between = feed.now()
    commit(customers_database, 3)
    with psycopg.connect(customers_database.admin_url) as admin:
        admin.execute(AGE, (2,))
    assert upkeep.round()["changes"] == 2
    with pytest.raises(CursorExpired):
        next(feed.stream(before))
    assert revisions(changes(feed.stream(between), 1)) == [3]


def test_an_open_stream_that_fell_behind_what_is_kept_is_expired(
    customers_database: ServiceDatabase, feed: Feed, upkeep: Upkeep
) -> None:
    stream = feed.stream(feed.now())
    next(stream)
    commit(customers_database, 1)
    with psycopg.connect(customers_database.admin_url) as admin:
        admin.execute(AGE, (1,))
    upkeep.round()
    with pytest.raises(CursorExpired):
        changes(stream, 1)


def test_upkeep_that_finds_nothing_old_expires_no_cursor(
    customers_database: ServiceDatabase, feed: Feed, upkeep: Upkeep
) -> None:
    cursor = feed.now()
    commit(customers_database, 1)
    assert upkeep.round() == {"changes": 0, "request_ids": 0}
    assert revisions(changes(feed.stream(cursor), 1)) == [1]


def test_the_role_of_upkeep_reaches_old_changes_only(customers_database: ServiceDatabase) -> None:
    commit(customers_database, 1)
    with psycopg.connect(customers_database.upkeep_url) as role:
        assert role.execute("DELETE FROM feed").rowcount == 0


def test_request_ids_older_than_a_day_are_forgotten(customers_database: ServiceDatabase, upkeep: Upkeep) -> None:
    with psycopg.connect(customers_database.admin_url) as admin:
        admin.execute(
            "INSERT INTO idempotent_requests (company_id, request_id, fingerprint, response, created_at) "
            "VALUES ('acme', 'old', '', '', now() - interval '25 hours'), ('acme', 'new', '', '', now())"
        )
    assert upkeep.round()["request_ids"] == 1
