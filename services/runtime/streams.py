"""When a stream is over: its client has gone, or the server drains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from services.runtime.failures import ShuttingDown

_ATTRIBUTE = "patronage_stream_end"
_OVER = object()


class StreamEnd(threading.Event):
    """Set when a stream is over. A handler that waits for news waits on it, and returns when it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.draining = False
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
            end.draining = self._draining
        if end.draining or not context.add_callback(end.end):
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
            end.draining = True
            end.end()


def until_end(requests: Iterator[Any], end: StreamEnd) -> Iterator[Any]:
    """The requests of a stream, until the server drains: then it raises ShuttingDown, between two requests.

    A client that leaves is a bare grpc.RpcError. gRPC's own iterator cannot be woken, so a thread waits on it; that
    ends with the call.
    """
    reader, woken = ThreadPoolExecutor(1, "requests"), threading.Event()
    end.call_back(woken.set)
    sent = _asked_twice(requests)
    try:
        while (request := _next(reader, woken, sent, end)) is not _OVER:
            yield request
    finally:
        reader.shutdown(wait=False)


def _asked_twice(requests: Iterator[Any]) -> Iterator[Any]:
    """The requests; whether they have ended is asked again.

    Of a client that leaves gRPC is told twice, that nothing more comes and then that it has gone, and its iterator may
    end after the first (grpc/grpc#33038), as if all had been sent. What it is asked next it answers after the second.
    """
    yield from requests
    yield from requests


def _next(reader: ThreadPoolExecutor, woken: threading.Event, requests: Iterator[Any], end: StreamEnd) -> Any:
    woken.clear()
    if not end.draining:
        coming = reader.submit(next, requests, _OVER)
        coming.add_done_callback(lambda _: woken.set())
        woken.wait()
        if coming.done() or not end.draining:
            return coming.result()
    text = "The service is being stopped. What it has answered is done; send the rest again in a moment."
    raise ShuttingDown(text, retry_after=1.0)


def end_of(context: Any) -> StreamEnd:
    """The end of the stream that the servicer context belongs to."""
    end: StreamEnd = getattr(context, _ATTRIBUTE)
    return end
