"""A pool of threads knows how many calls it has, whatever becomes of them."""

import threading

import pytest

from services.runtime.pools import CappedPool


def test_a_call_that_no_thread_could_be_had_for_holds_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = CappedPool(1, 0, "test")
    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(RuntimeError, match="new thread"):
        pool.submit(int)
    assert not pool.is_full()
