"""Client owns the calls of the commands: stubs with the token on them, and what a failed call says to people."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from patronage.analytics.v1 import metrics_service_pb2_grpc, sales_service_pb2_grpc
from patronage.customers.v1 import (
    company_service_pb2_grpc,
    customer_service_pb2_grpc,
    import_export_service_pb2_grpc,
    note_service_pb2_grpc,
)
from patronage.matching.v1 import matching_service_pb2_grpc, merge_service_pb2_grpc
from services.cli.context import Context
from services.cli.failures import BadInputFailure, CommandFailure

S = TypeVar("S")
CALL_SECONDS = 30.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OPTIONS = [("grpc.max_receive_message_length", 64 << 20)]


class _Token(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Puts the token on each call, and a deadline on those that have none and are not streams."""

    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details, details.timeout or CALL_SECONDS), request)

    def intercept_stream_stream(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        return continuation(self._with_token(details, details.timeout), request_iterator)

    def _with_token(self, details: Any, timeout: float | None) -> Any:
        metadata = (*(details.metadata or ()), *self._metadata)
        return details._replace(metadata=metadata, timeout=timeout)


class Client:
    """The stubs that the commands use, each opened at its first use."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._channels: dict[str, grpc.Channel] = {}
        self._interceptor = _Token(context.token)

    @property
    def customers(self) -> customer_service_pb2_grpc.CustomerServiceStub:
        return self._stub("customers", customer_service_pb2_grpc.CustomerServiceStub)

    @property
    def notes(self) -> note_service_pb2_grpc.NoteServiceStub:
        return self._stub("customers", note_service_pb2_grpc.NoteServiceStub)

    @property
    def company(self) -> company_service_pb2_grpc.CompanyServiceStub:
        return self._stub("customers", company_service_pb2_grpc.CompanyServiceStub)

    @property
    def imports(self) -> import_export_service_pb2_grpc.ImportExportServiceStub:
        return self._stub("customers", import_export_service_pb2_grpc.ImportExportServiceStub)

    @property
    def matching(self) -> matching_service_pb2_grpc.MatchingServiceStub:
        return self._stub("matching", matching_service_pb2_grpc.MatchingServiceStub)

    @property
    def merges(self) -> merge_service_pb2_grpc.MergeServiceStub:
        return self._stub("matching", merge_service_pb2_grpc.MergeServiceStub)

    @property
    def sales(self) -> sales_service_pb2_grpc.SalesServiceStub:
        return self._stub("analytics", sales_service_pb2_grpc.SalesServiceStub)

    @property
    def metrics(self) -> metrics_service_pb2_grpc.MetricsServiceStub:
        return self._stub("analytics", metrics_service_pb2_grpc.MetricsServiceStub)

    def close(self) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            channel.close()

    def _stub(self, service: str, stub: Callable[[grpc.Channel], S]) -> S:
        if service not in self._channels:
            channel = _channel(self._context.target(service))
            self._channels[service] = grpc.intercept_channel(channel, self._interceptor)
        return stub(self._channels[service])


def _channel(target: str) -> grpc.Channel:
    """Return a channel: without TLS to this machine alone, since a token goes with each call."""
    authority = os.environ.get("PATRONAGE_TLS_CA")
    if authority is None and target.rpartition(":")[0] in LOOPBACK:
        return grpc.insecure_channel(target, options=OPTIONS)
    try:
        roots = Path(authority).read_bytes() if authority else None
    except OSError as error:
        raise BadInputFailure(f"PATRONAGE_TLS_CA: {error}") from error
    if roots is not None and b"BEGIN CERTIFICATE" not in roots:
        raise BadInputFailure(f"PATRONAGE_TLS_CA: {authority} holds no PEM certificate")
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), options=OPTIONS)


@contextmanager
def connected(context: Context) -> Iterator[Client]:
    """Give a client; a call that fails inside ends the command with what the service says."""
    client = Client(context)
    try:
        yield client
    except grpc.RpcError as error:
        raise CommandFailure(explained(error)) from error
    finally:
        client.close()


def explained(error: grpc.RpcError) -> str:
    """Return reason and message of a failed call."""
    call = cast("grpc.Call", error)
    status = rpc_status.from_call(cast(Any, error))
    info = error_details_pb2.ErrorInfo()
    reason = next((info.reason for detail in status.details if detail.Unpack(info)), "") if status else ""
    if not reason and call.code() is grpc.StatusCode.UNAVAILABLE:
        return f"UNAVAILABLE: the service does not answer; is `patronage up` running? ({call.details()})"
    return f"{reason or call.code().name}: {call.details()}"
