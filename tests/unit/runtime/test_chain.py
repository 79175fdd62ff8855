"""The chain folded over grpcio-testing, which runs no interceptors of its own."""

from typing import Any

import grpc
import grpc_testing
import pytest
from grpc_health.v1 import health_pb2

from services.runtime.access import Access
from services.runtime.caller import caller_of
from services.runtime.failures import EtagMismatch
from services.runtime.interceptors import chain as chain_module
from services.runtime.interceptors.chain import Chain, chain
from services.runtime.settings import ServiceSettings
from services.runtime.tokens_jwt import TokenVerifier, issue_token

SECRET = "a-secret-of-at-least-thirty-two-bytes"
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
TOKEN = issue_token(SECRET, "ann", "Ann", "acme", ["health:read"])
CREDENTIALS = (("authorization", f"Bearer {TOKEN}"),)


class Servicer:
    """Answers by the name of the service that is asked for."""

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name of the method
        if request.service == "missing":
            raise EtagMismatch("Read it again.")
        assert caller_of(context).subject == "ann"
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name of the method
        return health_pb2.HealthListResponse()  # type: ignore[attr-defined]

    def Watch(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name of the method
        yield self.Check(request, context)
        raise RuntimeError("midway")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("services.runtime.interceptors.auth.access_of", lambda *_, **__: Access("health:read"))
    given: dict[str, Any] = {"database_url": "postgresql://x/y", "plaintext": True, "token_secret": SECRET}
    links: Chain = chain(TokenVerifier(ServiceSettings(**given)), {})
    servicers = {HEALTH: links.folded(HEALTH, Servicer())}
    return grpc_testing.server_from_dictionary(servicers, grpc_testing.strict_real_time())


def checked(server: Any, service: str, metadata: Any = CREDENTIALS) -> Any:
    method = HEALTH.methods_by_name["Check"]
    request = health_pb2.HealthCheckRequest(service=service)
    return server.invoke_unary_unary(method, metadata, request, None).termination()


def test_a_folded_call_passes_the_chain(server: Any) -> None:
    answer, _, code, _ = checked(server, "")
    assert code is grpc.StatusCode.OK
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_folded_call_without_a_token_is_refused(server: Any) -> None:
    assert checked(server, "", ())[2] is grpc.StatusCode.UNAUTHENTICATED


def test_a_folded_call_with_two_tokens_is_refused(server: Any) -> None:
    assert checked(server, "", (*CREDENTIALS, *CREDENTIALS))[2] is grpc.StatusCode.UNAUTHENTICATED


def test_a_folded_failure_has_its_code_and_message(server: Any) -> None:
    # The details of an error need a real server: grpcio-testing drops the trailers of a call that is aborted.
    assert checked(server, "missing")[2:] == (grpc.StatusCode.ABORTED, "Read it again.")


def test_a_folded_stream_that_fails_midway_ends_with_our_fault(server: Any) -> None:
    request = health_pb2.HealthCheckRequest()
    call = server.invoke_unary_stream(HEALTH.methods_by_name["Watch"], CREDENTIALS, request, None)
    assert call.take_response().status == health_pb2.HealthCheckResponse.SERVING
    assert call.termination()[1] is grpc.StatusCode.INTERNAL


def test_the_order_of_the_interceptors_is_stated_once() -> None:
    assert chain_module.__doc__ is not None
    assert "request log, errors, auth, handler" in chain_module.__doc__
