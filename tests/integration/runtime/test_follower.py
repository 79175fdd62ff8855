"""A follower applies every change exactly once in effect, whatever happens in between."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from services.runtime import follower_patience
from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.failures import CursorExpired, NotYetFresh, TokenEpoch
from services.runtime.follower import Batch, Follower, Stream
from services.runtime.freshness import ChangeToken, age, wait_until_fresh
from tests.integration.runtime.conftest import Probe

LONG_S = 60.0
NAME = "things"
TOGETHER = [False]  # no writer is met, and the batch with the poison fails


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

    def __init__(self, database: Database, probe: Probe) -> None:
        self.database = database
        self.feed = Feed()
        self.apply = Application()
        self._probe = probe
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
        with psycopg.connect(self._probe.admin_url) as admin:
            return admin.execute(sql.encode()).fetchall()

    def applied(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT company_id, name FROM things ORDER BY name")

    def cursor(self) -> tuple[Any, ...]:
        [row] = self.rows("SELECT cursor, epoch, horizon, applied, parked FROM follower_cursors")
        return row


@pytest.fixture
def bench(database: Database, probe: Probe) -> Iterator[Bench]:
    bench = Bench(database, probe)
    yield bench
    bench.stop()


def test_changes_are_applied_for_their_companies_and_the_cursor_is_kept(bench: Bench) -> None:
    bench.feed.add(Change("acme", "a"), Change("globex", "b"), Change("acme", "c"))
    bench.follow()
    bench.until_applied(bench.feed.add(Change("globex", "d")))
    assert bench.applied() == [("acme", "a"), ("globex", "b"), ("acme", "c"), ("globex", "d")]
    assert bench.cursor() == ("2", "e1", 20, 4, 0)


def test_a_restart_resumes_after_the_last_batch(bench: Bench) -> None:
    bench.follow().stop()
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a")))
    bench.stop()
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "b")))
    assert bench.applied() == [("acme", "a"), ("acme", "b")]
    assert bench.feed.asked[-1] == "1"


@pytest.mark.parametrize("crash", [psycopg.OperationalError("lost"), psycopg.errors.DeadlockDetected("dead")])
def test_a_crash_in_the_middle_of_a_batch_applies_it_once(bench: Bench, crash: Exception) -> None:
    bench.apply.crashes = [crash]
    bench.feed.add(Change("acme", "a"), Change("acme", "b"))
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "c")))
    assert bench.applied() == [("acme", "a"), ("acme", "b"), ("acme", "c")]
    assert bench.cursor() == ("2", "e1", 20, 3, 0)


def test_a_server_that_goes_away_in_the_middle_is_followed_again(bench: Bench) -> None:
    def kill_once() -> None:
        bench.apply.before = lambda: None
        bench.rows("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'probe'")

    bench.apply.before = kill_once
    bench.follow()
    bench.feed.add(Change("acme", "a"))
    wait_for(lambda: bench.applied() != [])
    assert bench.applied() == [("acme", "a")]


def test_a_change_that_cannot_be_applied_is_parked_and_shouted_about(bench: Bench) -> None:
    bench.apply.poison = {"b"}
    bench.feed.add(Change("acme", "a"), Change("acme", "b"), Change("globex", "c"))
    with capture_logs() as logs:
        bench.follow()
        bench.until_applied(bench.feed.add(Change("acme", "d")))
    assert bench.applied() == [("acme", "a"), ("globex", "c"), ("acme", "d")]
    assert bench.cursor() == ("2", "e1", 20, 3, 1)
    parked = bench.rows("SELECT company_id, follower, cursor, change, error FROM parked_changes")
    assert parked == [("acme", NAME, "1", b"b", "ValueError: cannot apply b")]
    assert [line["company"] for line in logs if line["log_level"] == "error"] == ["acme"]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that hardly rests between its tries."""
    monkeypatch.setattr("services.runtime.follower._SHORTEST_PAUSE_S", 0.001)
    monkeypatch.setattr("services.runtime.follower._LONGEST_PAUSE_S", 0.002)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("failure", [psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected])
def test_only_poison_is_parked_however_often_a_change_meets_another_writer(
    bench: Bench, failure: type[psycopg.Error]
) -> None:
    bench.apply.poison = {"b"}
    alone = [*TOGETHER, True], [*TOGETHER, False, True]  # the first change meets one, then the second one
    meets = itertools.chain([True] * 10, *alone, itertools.repeat(False))

    def meet_a_writer() -> None:
        if next(meets):
            raise failure("another writer")

    bench.apply.before = meet_a_writer
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a"), Change("acme", "b")))
    assert bench.applied() == [("acme", "a")]
    assert bench.cursor() == ("1", "e1", 10, 1, 1)


@pytest.mark.usefixtures("hasty")
def test_a_change_that_a_busy_database_applies_late_is_tried_again_and_not_parked(bench: Bench) -> None:
    busy = itertools.chain([True] * (4 * follower_patience.LEAST_TRIES), itertools.repeat(False))

    def be_busy() -> None:
        if next(busy):
            raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")

    bench.apply.before = be_busy
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a"), Change("globex", "b")))
    assert bench.applied() == [("acme", "a"), ("globex", "b")]
    assert bench.cursor() == ("1", "e1", 10, 2, 0)


@pytest.mark.usefixtures("hasty")
def test_a_change_that_stays_late_is_parked_in_the_end_so_that_other_companies_go_on(
    bench: Bench, open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_patience, "LONGEST_S", 0.2)
    tries: list[str] = []

    def apply(tx: Transaction, _: str, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.name == "slow":
                tries.append(change.name)
            tx.execute("INSERT INTO things (company_id, name) VALUES (app_company(), %s)", (change.name,))
            if change.name == "slow":
                tx.execute("SELECT pg_sleep(60)")

    bench.apply = apply  # type: ignore[assignment]
    bench.follow(open_database(statement_timeout_ms=100))
    bench.until_applied(bench.feed.add(Change("acme", "slow"), Change("globex", "b")))
    assert bench.applied() == [("globex", "b")]
    assert bench.rows("SELECT company_id, change FROM parked_changes") == [("acme", b"slow")]
    assert len(tries) >= 2 * follower_patience.LEAST_TRIES  # with the others and alone


@dataclass
class LongFeed:
    """A feed of one company that keeps to the size that is asked for; a cursor is the number of changes before it."""

    changes: int
    asked: list[int] = field(default_factory=list)

    def open(self, cursor: str, size: int) -> Iterator[Batch[Change]]:
        self.asked.append(size)
        for start in range(int(cursor or 0), self.changes, size):
            end = min(start + size, self.changes)
            changes = [Change("acme", f"{number:03}") for number in range(start, end)]
            yield Batch(changes, str(end), end, "e1")


@pytest.mark.usefixtures("hasty")
def test_what_takes_too_long_together_is_asked_for_in_halves_and_later_more_is_tried(bench: Bench) -> None:
    feed, write = LongFeed(200), bench.apply

    def apply(tx: Transaction, company: str, changes: Sequence[Change]) -> None:
        if len(changes) > 10:
            raise psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
        write(tx, company, changes)

    bench.feed.open = feed.open  # type: ignore[method-assign, assignment]
    bench.apply = apply  # type: ignore[assignment]
    bench.follow(batch_size=40)
    bench.until_applied(feed.changes)
    assert bench.applied() == [("acme", f"{number:03}") for number in range(feed.changes)]
    assert feed.asked[:5] == [40, 20, 10, 20, 10]
    assert bench.rows("SELECT FROM parked_changes") == []


def test_an_expired_cursor_starts_over_and_says_so_once(bench: Bench) -> None:
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a")))
    bench.stop()
    expired: list[str] = []
    bench.feed.expired = {"1"}
    bench.feed.epoch = "e2"
    bench.feed.batches.clear()
    bench.follow(on_expired=lambda: expired.append("now"))
    horizon = bench.feed.add(Change("acme", "b"))
    wait_for(lambda: bench.cursor()[1:3] == ("e2", horizon))
    assert expired == ["now"]
    assert bench.applied() == [("acme", "a"), ("acme", "b")]
    assert bench.feed.asked[-2:] == ["1", ""]


def test_what_runs_after_a_batch_shares_its_transaction(bench: Bench) -> None:
    def after(tx: Transaction, batch: Batch[Change]) -> None:
        tx.set_company("acme")
        tx.execute("INSERT INTO things (company_id, name) VALUES ('acme', %s)", (f"after {batch.cursor}",))

    bench.follow(after_batch=after)
    bench.until_applied(bench.feed.add(is_checkpoint=True))
    assert bench.applied() == [("acme", "after 1")]


def test_of_two_processes_one_follows_and_the_other_takes_over(
    bench: Bench, open_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.follower._ASK_TO_LEAD_S", 0.05)
    first = bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a")))
    bench.follow(open_database())
    bench.until_applied(bench.feed.add(Change("acme", "b")))
    assert bench.feed.asked == [""]
    first.stop()
    bench.until_applied(bench.feed.add(Change("acme", "c")))
    assert bench.feed.asked == ["", "2"]
    assert bench.applied() == [("acme", "a"), ("acme", "b"), ("acme", "c")]


def test_a_batch_whose_cursor_another_process_moved_is_rolled_back(bench: Bench) -> None:
    def move() -> None:
        bench.apply.before = lambda: None
        with bench.database.connection() as connection:
            connection.execute("UPDATE follower_cursors SET cursor = '1'")

    bench.follow()
    wait_for(lambda: bool(bench.feed.asked))
    bench.apply.before = move
    bench.feed.add(Change("acme", "a"))
    bench.until_applied(bench.feed.add(Change("acme", "b")))
    assert bench.applied() == [("acme", "b")]


def test_a_follower_that_waits_for_news_stops_promptly(bench: Bench) -> None:
    follower = bench.follow()
    bench.until_applied(bench.feed.add(is_checkpoint=True))
    follower.stop()
    assert not any(thread.name.startswith("follower") for thread in threading.enumerate())


def test_a_reader_waits_until_its_write_is_followed(bench: Bench, open_database: Callable[..., Database]) -> None:
    elsewhere = open_database()
    token = ChangeToken("e1", 9)
    waited = threading.Thread(target=wait_until_fresh, args=(elsewhere, NAME, token, LONG_S))
    waited.start()
    bench.follow()
    bench.feed.add(Change("acme", "a"))
    waited.join(LONG_S)
    assert not waited.is_alive()
    assert bench.applied() == [("acme", "a")]


def test_a_reader_is_told_50_ms_before_its_deadline_that_it_is_not_followed_yet(bench: Bench) -> None:
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a")))
    started = time.monotonic()
    with pytest.raises(NotYetFresh):
        wait_until_fresh(bench.database, NAME, ChangeToken("e1", 10), 0.2)
    assert 0.14 <= time.monotonic() - started < LONG_S


def test_a_token_of_another_epoch_is_refused_at_once(bench: Bench) -> None:
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a")))
    with pytest.raises(TokenEpoch):
        wait_until_fresh(bench.database, NAME, ChangeToken("e0", 1), LONG_S)


def test_the_age_is_that_of_the_last_batch_or_checkpoint(bench: Bench) -> None:
    assert age(bench.database, NAME) == float("inf")
    bench.follow()
    bench.until_applied(bench.feed.add(is_checkpoint=True))
    assert 0 <= age(bench.database, NAME) < LONG_S


def test_an_apply_sees_its_company_only(bench: Bench) -> None:
    with bench.database.transaction(TenantScope("globex")) as tx:
        tx.execute("INSERT INTO things (company_id, name) VALUES ('globex', 'secret')")
    seen: list[int] = []

    def count(tx: Transaction, _: str, __: Sequence[Change]) -> None:
        seen.append(tx.value("SELECT count(*) FROM things"))

    bench.apply = count  # type: ignore[assignment]
    bench.follow()
    bench.until_applied(bench.feed.add(Change("acme", "a")))
    assert seen == [0]


def wait_for(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + LONG_S
    tick = threading.Event()
    while not holds():
        assert time.monotonic() < give_up
        tick.wait(0.01)
