"""Streams beside unary calls: their own threads, a cap, and a prompt end."""

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from structlog.testing import capture_logs

from services.runtime.health_probe import is_serving
from services.runtime.streams import end_of
from tests.integration.runtime.echo import CREDENTIALS, SERVICE, Echo, error_info

LONG_S = 60.0


class Quiet:
    """A stream that says one word and then waits for its end."""

    def __init__(self) -> None:
        self.ended = threading.Semaphore(0)

    def __call__(self, _: Any, context: Any) -> Iterator[StringValue]:
        try:
            yield StringValue(value="open")
            end_of(context).wait(2 * LONG_S)  # longer than its client does
        finally:
            self.ended.release()


def opened(echo: Echo) -> Any:
    """An open stream that has said its first word."""
    stream = echo.stub("UnaryStream")(StringValue(), metadata=CREDENTIALS, timeout=LONG_S)
    assert next(stream).value == "open"
    return stream


@pytest.fixture
def quiet(echo: Echo) -> Quiet:
    echo.behaviours["UnaryStream"] = quiet = Quiet()
    return quiet


def test_open_streams_do_not_starve_unary_calls(echo: Echo, quiet: Quiet) -> None:
    streams = [opened(echo) for _ in range(echo.settings.stream_workers)]
    assert [echo.call("UnaryUnary", str(n)) for n in range(20)] == [[str(n)] for n in range(20)]
    for stream in streams:
        stream.cancel()


@pytest.mark.parametrize("kind", ["UnaryStream", "StreamUnary", "StreamStream"])
def test_one_stream_too_many_is_refused_at_once(echo: Echo, quiet: Quiet, kind: str) -> None:
    streams = [opened(echo) for _ in range(echo.settings.stream_workers)]
    with pytest.raises(grpc.RpcError) as raised:
        echo.call(kind)
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error_info(raised.value).reason == "OVERLOADED"
    for stream in streams:
        stream.cancel()


def test_a_stream_that_has_ended_makes_room(echo: Echo, quiet: Quiet) -> None:
    for _ in range(echo.settings.stream_workers * 3):
        opened(echo).cancel()
        assert quiet.ended.acquire(timeout=LONG_S)
        assert echo.server._pools.streams.wait_until_idle(LONG_S)


def test_more_waiting_unary_calls_than_the_cap_are_refused_and_health_still_answers() -> None:
    go, refused = threading.Event(), threading.Semaphore(0)

    def wait(request: Any, _: Any) -> Any:
        go.wait(LONG_S)
        return request

    with Echo(workers=1) as echo:
        echo.behaviours["UnaryUnary"] = wait
        stub = echo.stub("UnaryUnary")
        calls = [stub.future(StringValue(), metadata=CREDENTIALS, timeout=LONG_S) for _ in range(40)]
        for call in calls:
            call.add_done_callback(lambda _: refused.release())
        assert all(refused.acquire(timeout=LONG_S) for _ in range(7))
        assert is_serving(echo.target, SERVICE)
        go.set()
        reasons = [error_info(call.exception()).reason for call in calls if call.exception()]
    assert reasons == ["OVERLOADED"] * 7


def test_a_waiting_stream_ends_when_its_client_goes_away(echo: Echo, quiet: Quiet) -> None:
    with capture_logs() as logs:
        opened(echo).cancel()
        assert quiet.ended.acquire(timeout=LONG_S)
        echo.server.stop(LONG_S)
    assert [line["code"] for line in logs if line["event"] == "call"] == ["CANCELLED"]


def test_a_stream_whose_client_stops_reading_and_leaves_ends(echo: Echo) -> None:
    ended = threading.Event()

    def flood(_: Any, __: Any) -> Iterator[StringValue]:
        try:
            while True:
                yield StringValue(value="x" * 10_000)
        finally:
            ended.set()

    echo.behaviours["UnaryStream"] = flood
    stream = echo.stub("UnaryStream")(StringValue(), metadata=CREDENTIALS)
    next(stream)
    stream.cancel()
    assert ended.wait(LONG_S)


def test_a_client_that_leaves_in_the_middle_of_an_upload_is_no_error(echo: Echo) -> None:
    ended = threading.Event()
    arrived = threading.Event()

    def take(requests: Any, _: Any) -> StringValue:
        try:
            for _ in requests:
                arrived.set()
        finally:
            ended.set()
        return StringValue()

    def send() -> Iterator[StringValue]:
        yield StringValue(value="one")
        ended.wait(LONG_S)

    echo.behaviours["StreamUnary"] = take
    with capture_logs() as logs:
        call = echo.stub("StreamUnary").future(send(), metadata=CREDENTIALS)
        assert arrived.wait(LONG_S)
        call.cancel()
        assert ended.wait(LONG_S)
        echo.server.stop(LONG_S)
    assert [line["code"] for line in logs if line["event"] == "call"] == ["CANCELLED"]
    assert not [line for line in logs if line["log_level"] == "error"]


def test_streams_end_promptly_when_the_server_drains(echo: Echo, quiet: Quiet) -> None:
    stream = opened(echo)
    stopped = threading.Thread(target=echo.server.stop, args=(LONG_S,))
    stopped.start()
    assert list(stream) == []
    assert stream.code() is grpc.StatusCode.OK
    stopped.join(LONG_S)
    assert not stopped.is_alive()


def test_a_running_call_is_finished_when_the_server_drains(echo: Echo) -> None:
    running, go = threading.Event(), threading.Event()

    def slow(request: Any, _: Any) -> Any:
        running.set()
        go.wait(LONG_S)
        return request

    echo.behaviours["UnaryUnary"] = slow
    call = echo.stub("UnaryUnary").future(StringValue(value="kept"), metadata=CREDENTIALS)
    assert running.wait(LONG_S)
    stopped = threading.Thread(target=echo.server.stop, args=(LONG_S,))
    stopped.start()
    while is_serving(echo.target):
        pass  # it has not begun to drain
    go.set()
    assert call.result(LONG_S).value == "kept"
    stopped.join(LONG_S)
    assert not stopped.is_alive()
