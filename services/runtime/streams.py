"""When a stream is over: its client has gone, or the server drains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_ATTRIBUTE = "patronage_stream_end"


class StreamEnd(threading.Event):
    """Set when a stream is over. A handler that waits for news waits on it, and returns when it is set."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], None]] = []

    def call_back(self, callback: Callable[[], None]) -> None:
        """Call back when the stream is over, to wake a handler that waits on something else."""
        self._callbacks.append(callback)
        if self.is_set():
            callback()

    def end(self) -> None:
        """The stream is over."""
        if not self.is_set():
            self.set()
            for callback in tuple(self._callbacks):
                callback()


class StreamEnds:
    """The open streams of one server."""

    def __init__(self) -> None:
        self._open: set[StreamEnd] = set()
        self._lock = threading.Lock()
        self._draining = False

    @contextmanager
    def watch(self, context: Any) -> Iterator[StreamEnd]:
        """Watch one stream for as long as its handler runs."""
        end = StreamEnd()
        setattr(context, _ATTRIBUTE, end)
        with self._lock:
            self._open.add(end)
            draining = self._draining
        if draining or not context.add_callback(end.end):
            end.end()
        try:
            yield end
        finally:
            with self._lock:
                self._open.discard(end)

    def drain(self) -> None:
        """End every stream, those to come included."""
        with self._lock:
            self._draining = True
            ending = list(self._open)
        for end in ending:
            end.end()


def end_of(context: Any) -> StreamEnd:
    """The end of the stream that the servicer context belongs to."""
    end: StreamEnd = getattr(context, _ATTRIBUTE)
    return end
