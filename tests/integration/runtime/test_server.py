"""Calls through the whole chain of a running server."""

from collections.abc import Iterator
from typing import Any

import grpc
import psycopg
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc import error_details_pb2
from structlog.testing import capture_logs

from services.runtime.caller import Caller, caller_of
from services.runtime.failures import EtagMismatch, FieldsInvalid, FieldViolation, Internal
from services.runtime.tokens_jwt import issue_token
from tests.integration.runtime.echo import CREDENTIALS, KINDS, SECRET, TOKEN, Echo, error_info, status_of, unpack


def bearer(company: str = "acme", scopes: str = "echo:use", lifetime_s: float = 60, **more: str) -> Any:
    token = issue_token(SECRET, "bob", "Bob", company, scopes.split(), lifetime_s)
    return [("authorization", f"Bearer {token}"), *((k.replace("_", "-"), v) for k, v in more.items())]


def refused(echo: Echo, kind: str = "UnaryUnary", metadata: Any = CREDENTIALS) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as raised:
        echo.call(kind, metadata=metadata)
    return raised.value.code().name, error_info(raised.value).reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_of_each_kind_is_answered(echo: Echo, kind: str) -> None:
    assert set(echo.call(kind, "hello")) == {"hello"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "UNAUTHENTICATED"),
        ((("authorization", "Bearer nonsense"),), "UNAUTHENTICATED"),
        ((("authorization", f"Basic {TOKEN}"),), "UNAUTHENTICATED"),
        (bearer(lifetime_s=-1), "TOKEN_EXPIRED"),
    ],
)
def test_no_kind_of_call_is_answered_without_a_valid_token(echo: Echo, kind: str, metadata: Any, reason: str) -> None:
    assert refused(echo, kind, metadata) == ("UNAUTHENTICATED", reason)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_without_the_scope_is_refused(echo: Echo, kind: str) -> None:
    assert refused(echo, kind, bearer(scopes="other:read")) == ("PERMISSION_DENIED", "SCOPE_MISSING")


def test_a_served_method_that_is_not_in_the_access_table_is_refused(echo: Echo) -> None:
    assert refused(echo, "Unlisted") == ("PERMISSION_DENIED", "METHOD_UNKNOWN")
    assert refused(echo, "Unlisted", ()) == ("UNAUTHENTICATED", "UNAUTHENTICATED")


def test_a_method_that_exists_nowhere_is_unimplemented(echo: Echo) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        echo.call("Nowhere")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_caller_is_who_the_token_says(echo: Echo) -> None:
    seen: list[Caller] = []

    def see(request: Any, context: Any) -> Any:
        seen.append(caller_of(context))
        return request

    echo.behaviours["UnaryUnary"] = see
    echo.call("UnaryUnary", metadata=bearer("acme", "echo:use x:y", request_id="call-7", company_id="other"))
    [caller] = seen
    assert (caller.subject, caller.name, caller.company_id) == ("bob", "Bob", "acme")
    assert caller.scopes == {"echo:use", "x:y"}
    assert (caller.peer, caller.request_id, caller.all_companies) == ("127.0.0.1", "call-7", False)


def test_a_stream_knows_its_caller(echo: Echo) -> None:
    def who(_: Any, context: Any) -> Iterator[StringValue]:
        yield StringValue(value=caller_of(context).subject)

    echo.behaviours["StreamStream"] = who
    assert echo.call("StreamStream", metadata=bearer()) == ["bob"]


def test_a_token_for_all_companies_names_one_by_metadata(echo: Echo) -> None:
    echo.behaviours["UnaryUnary"] = lambda _, context: StringValue(value=caller_of(context).company_id)
    assert echo.call("UnaryUnary", metadata=bearer("*", company_id="globex")) == ["globex"]
    assert refused(echo, metadata=bearer("*")) == ("PERMISSION_DENIED", "COMPANY_REQUIRED")
    assert refused(echo, metadata=bearer("*", company_id="not a company")) == (
        "PERMISSION_DENIED",
        "COMPANY_REQUIRED",
    )


def test_a_method_for_all_companies_needs_none_named(echo: Echo) -> None:
    echo.behaviours["Everywhere"] = lambda _, context: StringValue(value=repr(caller_of(context).company_id))
    assert echo.call("Everywhere", metadata=bearer("*")) == ["''"]
    assert echo.call("Everywhere", metadata=bearer("acme")) == ["'acme'"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_of_each_kind_has_its_details(echo: Echo, kind: str) -> None:
    def fail(*_: Any) -> Any:
        raise FieldsInvalid([FieldViolation("name", "is empty"), FieldViolation("age", "is negative")])

    echo.behaviours[kind] = fail
    with pytest.raises(grpc.RpcError) as raised:
        echo.call(kind)
    request = error_details_pb2.BadRequest()
    assert unpack(status_of(raised.value), request)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [v.field for v in request.field_violations] == ["name", "age"]


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_fault_shows_the_request_id_and_never_the_cause(echo: Echo, kind: str) -> None:
    def fail(*_: Any) -> Any:
        raise KeyError("the secret cause")

    echo.behaviours[kind] = fail
    with capture_logs() as logs, pytest.raises(grpc.RpcError) as raised:
        echo.call(kind, metadata=bearer(request_id="call-9"))
    info = error_info(raised.value)
    assert raised.value.code() is grpc.StatusCode.INTERNAL
    assert (info.reason, info.metadata["request_id"]) == ("INTERNAL", "call-9")
    assert "secret" not in f"{raised.value.details()}{status_of(raised.value)}"
    assert any("secret" in repr(line.get("exc_info")) and line["request_id"] == "call-9" for line in logs)


def test_a_stream_that_fails_midway_gives_what_it_had_and_then_the_failure(echo: Echo) -> None:
    def midway(*_: Any) -> Iterator[StringValue]:
        yield StringValue(value="one")
        raise EtagMismatch("Read it again.")

    echo.behaviours["UnaryStream"] = midway
    answers = echo.stub("UnaryStream")(StringValue(), metadata=CREDENTIALS)
    assert next(answers).value == "one"
    with pytest.raises(grpc.RpcError) as raised:
        next(answers)
    assert error_info(raised.value).reason == "ETAG_MISMATCH"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (psycopg.OperationalError("gone"), "DATABASE_UNAVAILABLE"),
        (psycopg.errors.AdminShutdown("gone"), "DATABASE_UNAVAILABLE"),
        (psycopg.errors.TooManyConnections("full"), "DATABASE_UNAVAILABLE"),
        (psycopg.errors.LockNotAvailable("busy"), "LOCK_TIMEOUT"),
        (psycopg.errors.DeadlockDetected("dead"), "CONFLICT_RETRY"),
        (psycopg.errors.SerializationFailure("again"), "CONFLICT_RETRY"),
        (psycopg.errors.QueryCanceled("slow"), "STATEMENT_TIMEOUT"),
        (psycopg.errors.UniqueViolation("twice"), "INTERNAL"),
        (psycopg.errors.InsufficientPrivilege("no company"), "INTERNAL"),
        (Internal("said", cause="hidden"), "INTERNAL"),
    ],
)
def test_a_database_error_becomes_what_it_means(echo: Echo, error: Exception, reason: str) -> None:
    def fail(*_: Any) -> Any:
        raise error

    echo.behaviours["UnaryUnary"] = fail
    assert refused(echo)[1] == reason


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_are_no_message_are_a_bad_request(echo: Echo, kind: str) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        echo.call_raw(kind, b"\xff\xff")
    assert error_info(raised.value).reason == "FIELDS_INVALID"


def test_each_call_is_one_line_in_the_log(echo: Echo) -> None:
    with capture_logs() as logs:
        echo.call("UnaryUnary", metadata=bearer(request_id="call-1"))
        echo.call("UnaryStream", metadata=bearer(request_id="call-2"))
        refused(echo, metadata=())
        echo.server.stop(60)
    lines = [line for line in logs if line["event"] == "call"]
    assert [(line["method"], line["code"], line["subject"], line["company"]) for line in lines] == [
        ("/test.Echo/UnaryUnary", "OK", "bob", "acme"),
        ("/test.Echo/UnaryStream", "OK", "bob", "acme"),
        ("/test.Echo/UnaryUnary", "UNAUTHENTICATED", "", ""),
    ]
    assert [line["request_id"] for line in lines[:2]] == ["call-1", "call-2"]
    said = {"method", "code", "ms", "company", "subject", "request_id"}
    assert set(lines[0]) == said | {"event", "component", "log_level"}


def test_a_failure_of_another_service_is_passed_on_as_it_is(echo: Echo) -> None:
    def fail(*_: Any) -> Any:
        raise EtagMismatch("Read it again.", metadata={"customer_id": "7"})

    echo.behaviours["UnaryUnary"] = fail
    echo.behaviours["Everywhere"] = lambda request, _: echo.stub("UnaryUnary")(request, metadata=CREDENTIALS)
    with pytest.raises(grpc.RpcError) as raised:
        echo.call("Everywhere")
    assert raised.value.details() == "Read it again."
    assert error_info(raised.value).metadata["customer_id"] == "7"


def test_a_service_that_does_not_answer_is_named_as_away(echo: Echo) -> None:
    def ask(request: Any, _: Any) -> Any:
        with grpc.insecure_channel("127.0.0.1:1") as nobody:
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = nobody.unary_unary("/x.Y/Z")
            return call(b"", timeout=5)

    echo.behaviours["UnaryUnary"] = ask
    assert refused(echo) == ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE")


def test_a_refusal_by_another_service_is_our_fault(echo: Echo) -> None:
    echo.behaviours["Everywhere"] = lambda request, _: echo.stub("UnaryUnary")(request, metadata=())
    assert refused(echo, "Everywhere") == ("INTERNAL", "INTERNAL")
