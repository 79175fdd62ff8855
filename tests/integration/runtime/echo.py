"""A gRPC server with one method of each kind, whose behaviour a test sets, behind the real chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import grpc
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.runtime.access import Access
from services.runtime.server import ServiceRegistration, SuiteServer, build_server
from services.runtime.settings import ServiceSettings
from services.runtime.tokens_jwt import issue_token

SERVICE = "test.Echo"
SECRET = "a-secret-of-at-least-thirty-two-bytes"
KINDS = ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream")
TABLE = {f"/{SERVICE}/{kind}": Access("echo:use") for kind in KINDS} | {
    f"/{SERVICE}/Everywhere": Access("echo:use", all_companies=True)
}
TOKEN = issue_token(SECRET, "ann", "Ann", "acme", ["echo:use"])
CREDENTIALS = (("authorization", f"Bearer {TOKEN}"),)


def settings(**changes: Any) -> ServiceSettings:
    defaults: dict[str, Any] = {
        "database_url": "postgresql://none/none",
        "plaintext": True,
        "token_secret": SECRET,
        "listen": "127.0.0.1:0",
        "workers": 2,
        "stream_workers": 2,
    }
    return ServiceSettings(**(defaults | changes))


class Echo:
    """`echo.behaviours["UnaryUnary"] = ...` sets what a method does; by default each answers what it got."""

    def __init__(self, **changes: Any) -> None:
        self.behaviours: dict[str, Callable[[Any, Any], Any]] = {}
        registration = ServiceRegistration(SERVICE, self._register)
        self.settings = settings(**changes)
        self.server: SuiteServer = build_server(self.settings, services=[registration], access=TABLE)
        self.target = f"127.0.0.1:{self.server.port}"
        self.channel = grpc.insecure_channel(self.target)

    def __enter__(self) -> Echo:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        self.server.stop()

    def call(self, kind: str, text: str = "hi", *, metadata: Any = CREDENTIALS, timeout: float = 60.0) -> list[str]:
        """Call the method of a kind; answers the texts that came back."""
        streams_in = kind in ("StreamUnary", "StreamStream")
        request = iter([StringValue(value=text)]) if streams_in else StringValue(value=text)
        answer = self.stub(kind)(request, metadata=metadata, timeout=timeout)
        return [answer.value] if isinstance(answer, StringValue) else [one.value for one in answer]

    def call_raw(self, kind: str, data: bytes) -> None:
        """Call the method of a kind with bytes as they are."""
        form = {
            "UnaryUnary": self.channel.unary_unary,
            "UnaryStream": self.channel.unary_stream,
            "StreamUnary": self.channel.stream_unary,
            "StreamStream": self.channel.stream_stream,
        }[kind]
        request = iter([data]) if kind.startswith("Stream") else data
        list(cast(Any, form)(f"/{SERVICE}/{kind}")(request, metadata=CREDENTIALS))

    def stub(self, kind: str) -> Any:
        """The client's side of a method."""
        form = {
            "UnaryStream": self.channel.unary_stream,
            "StreamUnary": self.channel.stream_unary,
            "StreamStream": self.channel.stream_stream,
        }.get(kind, self.channel.unary_unary)
        return cast(Any, form)(f"/{SERVICE}/{kind}", StringValue.SerializeToString, StringValue.FromString)

    def _register(self, server: grpc.Server) -> None:
        def handler(make: Any, kind: str) -> Any:
            return make(self._behaviour(kind), StringValue.FromString, StringValue.SerializeToString)

        handlers = {
            "UnaryUnary": handler(grpc.unary_unary_rpc_method_handler, "UnaryUnary"),
            "Everywhere": handler(grpc.unary_unary_rpc_method_handler, "Everywhere"),
            "Unlisted": handler(grpc.unary_unary_rpc_method_handler, "Unlisted"),
            "UnaryStream": handler(grpc.unary_stream_rpc_method_handler, "UnaryStream"),
            "StreamUnary": handler(grpc.stream_unary_rpc_method_handler, "StreamUnary"),
            "StreamStream": handler(grpc.stream_stream_rpc_method_handler, "StreamStream"),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))

    def _behaviour(self, kind: str) -> Callable[[Any, Any], Any]:
        def behave(request: Any, context: Any) -> Any:
            behaviour = self.behaviours.get(kind) or _DEFAULTS.get(kind, _echo)
            return behaviour(request, context)

        return behave


def _echo(request: StringValue, _: Any) -> StringValue:
    return request


def _echo_twice(request: StringValue, _: Any) -> Iterator[StringValue]:
    yield request
    yield request


def _last(requests: Iterator[StringValue], _: Any) -> StringValue:
    return list(requests)[-1]


def _pass_on(requests: Iterator[StringValue], _: Any) -> Iterator[StringValue]:
    yield from requests


_DEFAULTS: dict[str, Callable[[Any, Any], Any]] = {
    "UnaryStream": _echo_twice,
    "StreamUnary": _last,
    "StreamStream": _pass_on,
}


def error_info(error: grpc.RpcError) -> error_details_pb2.ErrorInfo:
    """The reason and metadata that came with an error."""
    info = error_details_pb2.ErrorInfo()
    assert unpack(status_of(error), info)
    return info


def status_of(error: grpc.RpcError) -> status_pb2.Status:
    """The google.rpc.Status that came with an error."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    assert status is not None
    return cast(status_pb2.Status, status)


def unpack(status: status_pb2.Status, message: Message) -> bool:
    """Fill the message from the details; answers whether it was among them."""
    return any(detail.Unpack(message) for detail in status.details)
