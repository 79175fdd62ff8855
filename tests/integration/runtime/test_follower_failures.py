"""Whatever fails while changes are followed: what passes is tried again, what is late in halves; poison is parked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
import pytest
from structlog.testing import capture_logs

from services.runtime import follower_patience
from services.runtime.database import Database, Transaction
from services.runtime.follower import Batch
from tests.integration.runtime.following import NAME, Bench, Change, wait_for

TOGETHER = [False]  # no writer is met, and the batch with the poison fails


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
