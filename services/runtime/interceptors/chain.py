"""The one order in which a call passes the interceptors: request log, errors, auth, handler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import grpc

from services.runtime.access import AccessTable
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.interceptors.auth import authorize
from services.runtime.interceptors.call import Call, open_call
from services.runtime.interceptors.errors import errors
from services.runtime.interceptors.request_log import request_log
from services.runtime.interceptors.status import DetailsOf, no_details
from services.runtime.streams import StreamEnd, StreamEnds, until_end
from services.runtime.tokens_jwt import TokenVerifier

Behaviour = Callable[[Any, Any], Any]
Decoded = Callable[[Any, StreamEnd], Any]


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Stands for request bytes that are not a message, so that the caller gets the usual details."""

    cause: str


@dataclass(frozen=True)
class Chain:
    """Wraps handlers, so that each call passes every interceptor."""

    errors: Callable[[Call, Any], Any]
    authorize: Callable[[Call, Any], None]
    ends: StreamEnds = field(default_factory=StreamEnds)

    def around(
        self, method: str, behaviour: Behaviour, *, request_streaming: bool, response_streaming: bool
    ) -> Behaviour:
        """The behaviour of one method with the chain around it, for any of the four kinds of RPC."""
        if not request_streaming and not response_streaming:
            return self._unary(method, behaviour)
        decoded = _decoded_stream if request_streaming else _decoded_one
        return (self._stream if response_streaming else self._upload)(method, behaviour, decoded)

    def wrap(self, method: str, handler: Any) -> Any:
        """A gRPC handler with the chain around it."""
        wrapped = self.around(
            method,
            behaviour_of(handler),
            request_streaming=handler.request_streaming,
            response_streaming=handler.response_streaming,
        )
        return with_behaviour(handler, wrapped, _decoding(handler.request_deserializer))

    def folded(self, service: Any, servicer: object) -> Any:
        """A servicer with the chain around each method of the service descriptor; for grpcio-testing."""
        methods = {
            m.name: self.around(
                f"/{service.full_name}/{m.name}",
                getattr(servicer, m.name),
                request_streaming=m.client_streaming,
                response_streaming=m.server_streaming,
            )
            for m in service.methods
        }
        return SimpleNamespace(**methods)

    def _unary(self, method: str, behaviour: Behaviour) -> Behaviour:
        def handle(request: Any, context: Any) -> Any:
            call = open_call(method, context)
            with request_log(call, context), self.errors(call, context):
                self.authorize(call, context)
                return behaviour(_decoded(request), context)

        return handle

    def _upload(self, method: str, behaviour: Behaviour, decoded: Decoded) -> Behaviour:
        def handle(requests: Any, context: Any) -> Any:
            call = open_call(method, context)
            with request_log(call, context), self.errors(call, context):
                self.authorize(call, context)
                with self.ends.watch(context) as end:
                    return behaviour(decoded(requests, end), context)

        return handle

    def _stream(self, method: str, behaviour: Behaviour, decoded: Decoded) -> Behaviour:
        def handle(request: Any, context: Any) -> Iterator[Any]:
            call = open_call(method, context)
            with request_log(call, context), self.errors(call, context):
                self.authorize(call, context)
                with self.ends.watch(context) as end:
                    yield from behaviour(decoded(request, end), context)

        return handle


def chain(
    verifier: TokenVerifier,
    table: AccessTable,
    *,
    details_of: DetailsOf = no_details,
    open_reflection: bool = False,
) -> Chain:
    """The chain of one service."""
    return Chain(errors(details_of), authorize(verifier, table, open_reflection=open_reflection))


def behaviour_of(handler: Any) -> Behaviour:
    """What a gRPC handler does."""
    found = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    behaviour: Behaviour = found
    return behaviour


def with_behaviour(handler: Any, behaviour: Behaviour, deserializer: Any) -> Any:
    """A gRPC handler of the same kind that does something else."""
    kind = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[handler.request_streaming, handler.response_streaming]
    return kind(behaviour, deserializer, handler.response_serializer)


def _decoding(deserializer: Any) -> Any:
    def decode(data: bytes) -> Any:
        try:
            return deserializer(data)
        except Exception as error:
            return Undecodable(str(error))

    return decode if deserializer is not None else None


def _decoded(request: Any) -> Any:
    if isinstance(request, Undecodable):
        wrong = FieldViolation("request", "must be a message of the type that this method takes")
        raise FieldsInvalid([wrong], cause=request.cause)
    return request


def _decoded_one(request: Any, _: StreamEnd) -> Any:
    return _decoded(request)


def _decoded_stream(requests: Iterator[Any], end: StreamEnd) -> Iterator[Any]:
    for request in until_end(requests, end):
        yield _decoded(request)
