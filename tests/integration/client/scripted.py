"""A server whose answers are written beforehand, and a client of it that waits for nobody."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from services.client import ClientSettings, PatronageClient
from services.client.errors import DETAILS_KEY

Step = Message | tuple[grpc.StatusCode, str, float | None]
"""What a call is answered: a message, or a code with a reason and after how many seconds to come back."""


@dataclass
class Script:
    """The answers to come, and what was asked for them."""

    steps: list[Step] = field(default_factory=list)
    asked: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def requests(self, kind: Callable[[bytes], Any]) -> list[Any]:
        """The requests as messages."""
        return [kind(sent) for _, sent, _ in self.asked]

    def answer(self, method: str, request: bytes, context: Any) -> bytes:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        self.asked.append((method, request, metadata))
        self.timeouts.append(context.time_remaining())
        step = self.steps.pop(0)
        if isinstance(step, Message):
            return step.SerializeToString()
        code, reason, retry_after = step
        context.set_trailing_metadata(((DETAILS_KEY, _status(code, reason, retry_after)),) if reason else ())
        context.abort(code, f"no: {reason}")
        raise AssertionError("abort raises")


class Scripted(grpc.GenericRpcHandler):
    """Every method there is, one answer after the other; methods that end in Changes answer by a stream."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def service(self, details: Any) -> Any:
        method = details.method

        def one(request: bytes, context: Any) -> bytes:
            return self._script.answer(method, request, context)

        def stream(request: bytes, context: Any) -> Iterator[bytes]:
            while self._script.steps:
                yield self._script.answer(method, request, context)

        if method.endswith("Changes"):
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(one)


@contextmanager
def scripted(script: Script, credentials: Any = None, **settings: Any) -> Iterator[PatronageClient]:
    """A client of a server that answers by the script; waiting is noted and takes no time."""
    server = grpc.server(ThreadPoolExecutor(4), handlers=[Scripted(script)])
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("localhost:0", credentials)
    server.start()
    places = dict.fromkeys(("customers", "matching"), f"{'localhost' if credentials else '127.0.0.1'}:{port}")
    told = {"targets": places, "token": "t", **settings}
    try:
        with PatronageClient(ClientSettings(**told), wait=script.waited.append) as client:
            yield client
    finally:
        server.stop(None).wait()


def _status(code: grpc.StatusCode, reason: str, retry_after: float | None) -> bytes:
    status = status_pb2.Status(code=code.value[0], message=f"no: {reason}")
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=reason, domain="patronage")]
    if retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(int(retry_after * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status.SerializeToString()
