"""What the log says of a feed that waits for a transaction: seldomer and louder the longer it lasts."""

import logging

import pytest

from services.customers.operations.feed_held_back import HeldBack


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def noted(seconds: range, caplog: pytest.LogCaptureFixture) -> tuple[HeldBack, list[tuple[int, str]]]:
    """The feed of two streams after so many seconds behind one transaction, and each line with its second."""
    clock, said = Clock(), []
    held_back = HeldBack(clock)
    with caplog.at_level(logging.INFO):
        for second in seconds:
            clock.now = 1_000.0 + second
            for _ in range(2):
                held_back.note(7, lambda: "process 4711")
            said += [(second, record.levelname) for record in caplog.records]
            caplog.clear()
    return held_back, said


def test_it_is_said_once_for_all_streams_and_again_as_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    _, said = noted(range(700), caplog)
    assert said == [(1, "WARNING"), (10, "WARNING"), (60, "ERROR"), (360, "ERROR"), (660, "ERROR")]


def test_a_line_says_for_how_long_and_who(caplog: pytest.LogCaptureFixture) -> None:
    held_back = HeldBack(clock := Clock())
    held_back.note(7, lambda: "process 4711")
    clock.now += 12
    held_back.note(7, lambda: "process 4711")
    assert "held back for 12 s by process 4711" in caplog.text


def test_what_was_said_is_taken_back_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    held_back, _ = noted(range(20), caplog)
    held_back.passed(8)
    held_back.passed(8)
    assert [record.getMessage() for record in caplog.records] == ["the feed goes on after 19 s"]


def test_what_passes_in_a_moment_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    held_back = HeldBack(clock := Clock())
    for horizon in range(100):
        clock.now += 0.5
        held_back.note(horizon, lambda: "nobody")
        held_back.passed(horizon + 1)
    assert caplog.records == []
