"""The customers service in this process, and callers with tokens of their own."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.customers.access import ACCESS
from services.customers.app import build_app
from services.customers.settings import CustomersSettings
from services.runtime.app import App
from services.runtime.tokens_jwt import issue_token
from tests.fixtures.contract import modules
from tests.fixtures.databases import ServiceDatabase

SECRET = "a secret of the tests that is long enough"
WITHIN_S = 60
STUBS = [
    getattr(module, f"{service.name}Stub")
    for module in modules("customers", "_pb2_grpc")
    for service in importlib.import_module(module.__name__.removesuffix("_grpc")).DESCRIPTOR.services_by_name.values()
]
EVERY_SCOPE = sorted({access.scope for access in ACCESS.values()} | {"customers:read:deleted", "customers:force"})


@dataclass(frozen=True)
class Refusal:
    """What a caller is told of a refused call."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: dict[str, str]
    fields: list[str]
    details: list[Any]

    def detail(self, kind: type[Message]) -> Any:
        """The typed detail of a kind."""
        found = kind()
        assert any(one.Unpack(found) for one in self.details)
        return found


@dataclass(frozen=True)
class Client:
    """The stubs of the service with one caller's token."""

    channel: grpc.Channel
    token: str

    def __getattr__(self, method: str) -> Any:
        for stub in STUBS:
            if hasattr(made := stub(self.channel), method):
                return lambda request: getattr(made, method)(
                    request, metadata=(("authorization", f"Bearer {self.token}"),), timeout=WITHIN_S
                )
        raise AttributeError(method)

    def refused(self, method: str, request: Any) -> Refusal:
        """What a call is refused with."""
        with pytest.raises(grpc.RpcError) as raised:
            _taken(getattr(self, method)(request))
        return refusal(raised.value)


@dataclass(frozen=True)
class Served:
    """The running service."""

    app: App
    channel: grpc.Channel

    def client(
        self, company_id: str = "acme", scopes: Sequence[str] = EVERY_SCOPE, subject: str = "ann", name: str = "Ann"
    ) -> Client:
        return Client(self.channel, issue_token(SECRET, subject, name, company_id, list(scopes)))


@contextmanager
def serving(database: ServiceDatabase, **settings: Any) -> Iterator[Served]:
    """The service on a port of its own, without its background work."""
    values = {
        "database_url": database.runtime_url,
        "feed_database_url": database.feed_url,
        "plaintext": True,
        "token_secret": SECRET,
        **settings,
    }
    app = build_app(CustomersSettings.model_validate(values))
    app.database.epoch = "the epoch of the test"
    with app.server() as server, grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield Served(app, channel)
    app.close()


def _taken(answer: Any) -> None:
    """Waits for all of an answer: that of a stream comes in parts."""
    if not isinstance(answer, Message):
        list(answer)


def refusal(error: Any) -> Refusal:
    """The parts of a refused call."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    assert status is not None, error
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert any(detail.Unpack(info) for detail in status.details)
    fields = [item.field for detail in status.details if detail.Unpack(bad) for item in bad.field_violations]
    return Refusal(error.code(), info.reason, error.details(), dict(info.metadata), fields, list(status.details))
