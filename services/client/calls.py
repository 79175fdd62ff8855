"""Calls owns what is done with each call: token, company, deadline, repetition, typed errors, and fresh reads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import Message

from services.client.errors import PatronageError, typed
from services.client.retries import delay_s, may_be_repeated, repeatable
from services.client.settings import ClientSettings
from services.wire.call_details import CallDetails, signed


class LastWrite(threading.local):
    """The change token of what this thread wrote last; empty where it wrote nothing."""

    token: str = ""


class Calls(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Stands between the stubs and a channel. `wait` and `clock` are those of time but in tests."""

    def __init__(
        self,
        settings: ClientSettings,
        token: Callable[[], str],
        last_write: LastWrite,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._token = token
        self._last_write = last_write
        self._wait = wait
        self._clock = clock
        self._dice = random.Random()  # noqa: S311 - spreads callers, keeps no secret

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """Makes a call, again where that may help, and ends it before its deadline."""
        request = self._fresh(repeatable(request))
        end = self._clock() + (details.timeout or self._settings.deadline_s)
        for attempt in range(1, self._settings.attempts + 1):
            call = continuation(self._signed(details, max(end - self._clock(), 0.001)), request)
            try:
                self._remember(call.result())
                return call
            except grpc.RpcError as error:
                failure = typed(error)
                pause = delay_s(failure, attempt, self._dice)
                last = attempt == self._settings.attempts or self._clock() + pause >= end
                if last or not may_be_repeated(failure):
                    raise failure from error
            self._wait(pause)
        raise AssertionError("a call is made once at least")

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        """A stream of answers lasts as long as its caller says, and is not begun again."""
        return _Stream(continuation(self._signed(details, details.timeout), self._fresh(request)))

    def intercept_stream_unary(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        """A stream of requests cannot be sent again."""
        return _Answer(continuation(self._signed(details, details.timeout), request_iterator))

    def intercept_stream_stream(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        """Both."""
        return _Stream(continuation(self._signed(details, details.timeout), request_iterator))

    def _signed(self, details: Any, timeout: float | None) -> CallDetails:
        return signed(details, self._token(), self._settings.company_id, timeout)

    def _fresh(self, request: Message) -> Message:
        """The request, asking for what this thread wrote last where it does not say how fresh it wants to be."""
        token, asked = self._last_write.token, request.DESCRIPTOR.fields_by_name
        if not (self._settings.read_your_writes and token and "at_least_as_fresh" in asked):
            return request
        copy: Any = type(request)()
        copy.CopyFrom(request)
        copy.at_least_as_fresh = copy.at_least_as_fresh or token
        return copy  # type: ignore[no-any-return]

    def _remember(self, answer: Any) -> None:
        self._last_write.token = getattr(answer, "change_token", "") or self._last_write.token


class _Answer:
    """A call whose failure is a typed one; all else is that of the call."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def result(self, timeout: float | None = None) -> Any:
        """The answer."""
        with _Typed():
            return self._call.result(timeout)


class _Stream(_Answer):
    """A stream of answers whose failure is a typed one."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with _Typed():
            return next(self._call)


class _Typed:
    """Turns a failure of gRPC into a typed one."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, grpc.RpcError) and not isinstance(error, PatronageError):
            raise typed(error) from error
