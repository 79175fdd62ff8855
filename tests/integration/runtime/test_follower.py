"""A follower applies every change exactly once in effect, whatever happens in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.failures import NotYetFresh, TokenEpoch
from services.runtime.follower import Batch
from services.runtime.freshness import ChangeToken, age, wait_until_fresh
from tests.integration.runtime.following import LONG_S, NAME, Bench, Change, wait_for


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
