"""Channels are closed all at once, and one that does not close holds nobody up."""

import threading
from typing import Any

import pytest

from services.wire.closing import close_channels


class Channel:
    """Closes once it may."""

    def __init__(self, may_close: threading.Event) -> None:
        self._may_close = may_close
        self.closed = threading.Event()

    def close(self) -> None:
        self._may_close.wait()
        self.closed.set()


@pytest.fixture
def never() -> Any:
    lasting = threading.Event()
    yield lasting
    lasting.set()


def closed(channels: list[Any], **limit: float) -> bool:
    return close_channels(channels, **limit)


def test_channels_are_closed_when_it_returns() -> None:
    at_once = threading.Event()
    at_once.set()
    channels = [Channel(at_once), Channel(at_once)]
    assert closed(channels, longest_s=60.0)
    assert all(channel.closed.is_set() for channel in channels)


def test_one_that_never_closes_holds_neither_the_others_nor_its_caller(never: threading.Event) -> None:
    at_once = threading.Event()
    at_once.set()
    stuck, good = Channel(never), Channel(at_once)
    assert not closed([stuck, good], longest_s=0.01)
    assert good.closed.wait(30)


def test_a_process_that_can_start_no_thread_any_more_ends_without_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert not closed([Channel(threading.Event())])
