"""A stream of the change feed: everything as it is now, then what follows, checkpoints between, and its end."""

import logging
import threading
from collections.abc import Iterator

import psycopg
import pytest

from services.customers.domain.feed import Change, FeedBatch
from services.customers.operations import feed_held_back, feed_pace
from services.customers.operations.create_customer import create_customer
from services.customers.operations.update_company_settings import update_company_settings
from services.customers.operations.update_customer import update_customer
from services.runtime.database import Database, TenantScope
from services.runtime.failures import FieldsInvalid
from services.runtime.notifier import Notifier
from services.runtime.streams import StreamEnd
from tests.fixtures.databases import ServiceDatabase
from tests.integration.customers.feed_setup import Feed, Writer, changes, commit, feed_of, revisions

FOR_EVER = 3_600.0


@pytest.fixture
def feed(customers_database: ServiceDatabase) -> Iterator[Feed]:
    with feed_of(customers_database) as made:
        yield made


@pytest.fixture
def runtime(customers_database: ServiceDatabase) -> Iterator[Database]:
    database = Database(customers_database.runtime_url, application_name="runtime")
    database.epoch = "the epoch of the test"
    yield database
    database.close()


def create(database: Database, name: str, company_id: str = "acme") -> str:
    with database.transaction(TenantScope(company_id)) as tx:
        return create_customer(tx, {"name": name}, "ALLOW").customer.customer_id


def rename(database: Database, customer_id: str, name: str, company_id: str = "acme") -> None:
    with database.transaction(TenantScope(company_id)) as tx:
        update_customer(tx, customer_id, {"name": name}, ["name"], "")


class Mirror:
    """What a follower keeps: of each thing the newest revision."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[int, str]] = {}

    def apply(self, found: list[Change]) -> None:
        for change in found:
            customer_id = change.payload.get("customer_id", "")
            if customer_id and change.revision > self.names.get(customer_id, (0, ""))[0]:
                self.names[customer_id] = (change.revision, change.payload["name"])

    def shown(self) -> set[str]:
        return {name for _, name in self.names.values()}


def until_checkpoint(stream: Iterator[FeedBatch]) -> list[FeedBatch]:
    found: list[FeedBatch] = []
    for batch in stream:
        found.append(batch)
        if batch.is_checkpoint:
            return found
    raise AssertionError("a stream has no end")


def sent(batches: list[FeedBatch]) -> list[Change]:
    return [change for batch in batches for change in batch.changes]


def test_an_empty_cursor_gives_everything_and_then_what_follows(feed: Feed, runtime: Database) -> None:
    ada, bob = create(runtime, "Ada"), create(runtime, "Bob", "other")
    stream = feed.stream()
    snapshot = next(stream)
    assert [(change.company_id, change.payload["customer_id"], change.kind) for change in snapshot.changes] == [
        ("acme", ada, "SNAPSHOT"),
        ("other", bob, "SNAPSHOT"),
    ]
    assert snapshot.snapshot_done
    rename(runtime, ada, "Ada Lovelace")
    [change] = changes(stream, 1)
    assert (change.kind, change.revision, change.payload["name"]) == ("UPDATED", 2, "Ada Lovelace")


def test_settings_come_before_the_customers_that_are_read_by_them(feed: Feed, runtime: Database) -> None:
    with runtime.transaction(TenantScope("acme")) as tx:
        update_company_settings(tx, {"region": "KE"})
    create(runtime, "Ada")
    found = sent(until_checkpoint(feed.stream()))
    assert [(change.subject, change.kind) for change in found] == [("company", "SNAPSHOT"), ("customer", "SNAPSHOT")]
    assert found[0].payload == {
        "company_id": "acme",
        "region": "KE",
        "currency": "USD",
        "time_zone": "UTC",
        "create_policy": {"required_fields": [], "on_duplicate": "REJECT"},
        "revision": 1,
    }


def test_an_empty_database_ends_the_pass_at_once(feed: Feed) -> None:
    first, second = until_checkpoint(feed.stream())
    assert (first.changes, first.snapshot_done, first.is_checkpoint) == ([], True, False)
    assert second.horizon >= first.horizon > 0


def test_writes_during_the_pass_are_not_lost(feed: Feed, runtime: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_pace, "QUIET_S", 0.05)
    ids = [create(runtime, f"before {number}") for number in range(5)]
    stream = feed.stream(size=2)
    mirror = Mirror()
    mirror.apply(list(next(stream).changes))
    rename(runtime, ids[0], "changed after it was sent")
    rename(runtime, ids[4], "changed before it was sent")
    create(runtime, "new")
    for batch in until_checkpoint(stream):
        mirror.apply(list(batch.changes))
    assert mirror.shown() == {
        "changed after it was sent",
        "before 1",
        "before 2",
        "before 3",
        "changed before it was sent",
        "new",
    }


def test_a_write_that_is_open_when_the_pass_begins_comes_after_it(feed: Feed, runtime: Database) -> None:
    with runtime.transaction(TenantScope("acme")) as tx:
        create_customer(tx, {"name": "Late"}, "ALLOW")
        stream = feed.stream()
        snapshot = next(stream)
        assert (snapshot.changes, snapshot.snapshot_done) == ([], True)
    [change] = changes(stream, 1)
    assert change.payload["name"] == "Late"


def test_the_pass_resumes_after_each_batch_without_loss(feed: Feed, runtime: Database) -> None:
    ids = sorted(create(runtime, f"c{number}") for number in range(7))
    cursor, found, done = "", [], False
    while not done:
        batch = next(feed.stream(cursor, size=2))
        found += [change.payload["customer_id"] for change in batch.changes]
        cursor, done = batch.cursor.encode(), batch.snapshot_done
    assert found == ids


def test_the_horizon_is_unknown_until_the_pass_is_done(feed: Feed, runtime: Database) -> None:
    for number in range(3):
        create(runtime, f"c{number}")
    batches = until_checkpoint(feed.stream(size=2))
    assert [(batch.snapshot_done, batch.horizon > 0) for batch in batches] == [
        (False, False),
        (True, True),
        (False, True),
    ]


def test_a_company_gets_only_its_own(feed: Feed, runtime: Database) -> None:
    create(runtime, "Ada"), create(runtime, "Bob", "other")
    stream = feed.stream(company_id="other")
    assert [change.payload["name"] for change in next(stream).changes] == ["Bob"]
    create(runtime, "Ann"), create(runtime, "Ben", "other")
    assert [change.payload["name"] for change in changes(stream, 1)] == ["Ben"]


def test_the_revision_decides_and_not_the_order_of_the_stream(feed: Feed, runtime: Database) -> None:
    ada = create(runtime, "Ada")
    cursor = feed.now()
    with runtime.transaction(TenantScope("acme")) as first:
        first.execute("SELECT pg_current_xact_id()")
        rename(runtime, ada, "written second")
        update_customer(first, ada, {"name": "written third"}, ["name"], "")
    found = changes(feed.stream(cursor), 2)
    assert revisions(found) == [3, 2]
    mirror = Mirror()
    mirror.apply(found)
    assert mirror.names == {ada: (3, "written third")}


def test_what_comes_twice_changes_nothing(feed: Feed, runtime: Database) -> None:
    cursor = feed.now()
    create(runtime, "Ada")
    once, twice = Mirror(), Mirror()
    found = changes(feed.stream(cursor), 1)
    once.apply(found)
    twice.apply(found + found)
    assert once.names == twice.names


def test_a_batch_meets_the_token_of_what_it_brings(feed: Feed, runtime: Database) -> None:
    stream = feed.stream(feed.now())
    with runtime.transaction(TenantScope("acme")) as tx:
        token = create_customer(tx, {"name": "Ada"}, "ALLOW").token
    assert next(batch for batch in stream if batch.changes).horizon > token.xid


def test_a_checkpoint_meets_the_token_of_a_write_that_changed_nothing(feed: Feed, runtime: Database) -> None:
    ada = create(runtime, "Ada")
    stream = feed.stream(feed.now())
    with runtime.transaction(TenantScope("acme")) as tx:
        _, token = update_customer(tx, ada, {"name": "Ada"}, ["name"], "")
    assert next(stream).horizon > token.xid


def test_checkpoints_come_when_it_is_quiet(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_pace, "QUIET_S", 0.01)
    stream = feed.stream(feed.now())
    batches = [next(stream) for _ in range(3)]
    assert all(batch.is_checkpoint and not batch.changes for batch in batches)
    horizons = [batch.horizon for batch in batches]
    assert horizons == sorted(horizons)


@pytest.fixture
def only_the_bell_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_pace, "QUIET_S", FOR_EVER)


@pytest.fixture
def listening(feed: Feed) -> Iterator[Feed]:
    feed.bell.start()
    feed.bell.listening.wait()
    yield feed
    feed.bell.stop()


@pytest.mark.usefixtures("only_the_bell_wakes")
def test_a_commit_of_another_process_rings(
    customers_database: ServiceDatabase, runtime: Database, listening: Feed
) -> None:
    stream = listening.stream(listening.now())
    next(stream)
    notifier = Notifier(runtime, "feed")
    commit(customers_database, 1)
    notifier.poke()
    assert revisions(changes(stream, 1)) == [1]
    notifier.stop()


@pytest.mark.usefixtures("only_the_bell_wakes")
def test_without_the_bell_the_stream_polls(customers_database: ServiceDatabase, feed: Feed) -> None:
    stream = feed.stream(feed.now())
    next(stream)
    commit(customers_database, 1)
    assert revisions(changes(stream, 1)) == [1]


@pytest.mark.usefixtures("only_the_bell_wakes")
def test_a_waiting_stream_ends_when_its_client_goes_away(listening: Feed) -> None:
    end, waits, ended = StreamEnd(), threading.Event(), threading.Event()
    stream = listening.stream(listening.now(), end=end)

    def follow() -> None:
        for _ in stream:
            waits.set()
        ended.set()

    thread = threading.Thread(target=follow)
    thread.start()
    waits.wait()
    end.end()
    thread.join()
    assert ended.is_set()


def test_a_stream_ends_in_the_middle_of_the_pass(feed: Feed, runtime: Database) -> None:
    for number in range(3):
        create(runtime, f"c{number}")
    end = StreamEnd()
    stream = feed.stream(size=1, end=end)
    next(stream)
    end.end()
    assert list(stream) == []


def test_no_transaction_is_open_while_a_batch_is_out(feed: Feed, runtime: Database) -> None:
    create(runtime, "Ada"), create(runtime, "Bob")
    stream = feed.stream(size=1)
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'feed' AND xact_start IS NOT NULL"
    for _ in range(4):
        next(stream)
        with runtime.transaction(TenantScope("acme")) as tx:
            assert tx.value(open_ones) == 0


class Until(logging.Handler):
    """Ends a stream once the log speaks."""

    def __init__(self, end: StreamEnd) -> None:
        super().__init__()
        self.end = end

    def emit(self, _: logging.LogRecord) -> None:
        self.end.end()


@pytest.fixture
def until_blamed(monkeypatch: pytest.MonkeyPatch) -> Iterator[StreamEnd]:
    """The end of a stream that comes when the log says who holds it back, which it says at once."""
    monkeypatch.setattr(feed_held_back, "SAID_AFTER_S", (0.0,))
    until = Until(StreamEnd())
    logging.getLogger(feed_held_back.__name__).addHandler(until)
    yield until.end
    logging.getLogger(feed_held_back.__name__).removeHandler(until)


def test_a_stream_that_is_held_back_says_by_whom(
    customers_database: ServiceDatabase, feed: Feed, until_blamed: StreamEnd, caplog: pytest.LogCaptureFixture
) -> None:
    stream = feed.stream(feed.now(), end=until_blamed)
    held = Writer(customers_database)
    held.write(1)
    commit(customers_database, 2)
    for _ in stream:
        pass
    held.commit()
    assert caplog.text.count("the feed is held back") == 1
    assert f"customers_runtime in {customers_database.name}" in caplog.text


def test_a_stream_that_is_held_back_never_says_that_there_is_nothing(
    customers_database: ServiceDatabase, feed: Feed, until_blamed: StreamEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_pace, "QUIET_S", 0.0)
    before = feed.now()
    stream = feed.stream(before, end=until_blamed)
    held = Writer(customers_database)
    held.write(1)
    commit(customers_database, 2)
    cursors = [before, *(batch.cursor.encode() for batch in stream)]
    assert len(set(cursors)) == len(cursors)
    held.commit()
    assert revisions(changes(feed.stream(cursors[-1]), 2)) == [1, 2]


@pytest.mark.parametrize("size", [-1, 2_001])
def test_a_batch_size_out_of_range_is_refused(feed: Feed, size: int) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        next(feed.stream(size=size))
    assert [violation.field for violation in raised.value.fields] == ["batch_size"]


def test_the_bell_comes_back_when_its_connection_is_cut(customers_database: ServiceDatabase, listening: Feed) -> None:
    with listening.bell.ear() as ear, psycopg.connect(customers_database.admin_url, autocommit=True) as admin:
        ear.clear()
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN feed' AND datname = %s"
        assert admin.execute(cut, (customers_database.name,)).fetchall() == [(True,)]
        assert ear.wait(60)
