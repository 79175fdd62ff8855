"""Each reason of the contract raises one type of error, with the details that came with it."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from patronage.customers.v1 import customer_pb2, customer_service_pb2
from services import client
from services.client.errors import DETAILS_KEY, PatronageError, error_type, typed
from services.client.retries import RETRIED

ROOT = Path(__file__).parents[3]
STATED = re.compile(r"// ([A-Z_]+)\. [^\n]+\n(?:  //[^\n]*\n)*  ERROR_REASON_(\w+) =")
OWN_TYPES = {
    "ETAG_MISMATCH": client.EtagMismatchError,
    "PREVIEW_STALE": client.StaleError,
    "NOT_YET_FRESH": client.NotYetFreshError,
}
TYPES = {
    "NOT_FOUND": client.NotFoundError,
    "INVALID_ARGUMENT": client.ValidationError,
    "ALREADY_EXISTS": client.DuplicateError,
    "ABORTED": client.ConflictError,
    "FAILED_PRECONDITION": client.PreconditionError,
    "PERMISSION_DENIED": client.PermissionDeniedError,
    "UNAUTHENTICATED": client.AuthenticationError,
    "RESOURCE_EXHAUSTED": client.RateLimitedError,
    "OUT_OF_RANGE": client.CursorExpiredError,
    "UNAVAILABLE": client.UnavailableError,
    "DEADLINE_EXCEEDED": client.DeadlineError,
    "INTERNAL": client.RepositoryError,
}


def reasons() -> list[tuple[str, str]]:
    """Each reason of the contract with the code that its comment states."""
    text = (ROOT / "protos/patronage/errors/v1/error_reason.proto").read_text(encoding="utf-8")
    return [(reason, code) for code, reason in STATED.findall(text)]


class Failed(grpc.RpcError):
    """A call that failed, as grpc raises it."""

    def __init__(self, code: grpc.StatusCode, *details: Message, message: str = "no") -> None:
        status = status_pb2.Status(message=message)
        for detail in details:
            packed = AnyMessage()
            packed.Pack(detail)
            status.details.append(packed)
        self._code, self._status = code, status

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "what grpc says"

    def trailing_metadata(self) -> Any:
        return ((DETAILS_KEY, self._status.SerializeToString()),) if self._status.details else None


def failed(code: grpc.StatusCode, reason: str, *details: Message, **metadata: str) -> PatronageError:
    info = error_details_pb2.ErrorInfo(reason=reason, domain="patronage", metadata=metadata)
    return typed(Failed(code, info, *details))


@pytest.mark.parametrize(("reason", "code"), reasons())
def test_every_reason_raises_one_type(reason: str, code: str) -> None:
    error = failed(grpc.StatusCode[code], reason)
    assert type(error) is OWN_TYPES.get(reason, TYPES[code])
    assert error_type(grpc.StatusCode[code], reason) is type(error)
    assert (error.reason, error.code().name) == (reason, code)


def test_no_reason_is_left_out_and_none_is_made_up() -> None:
    known = {reason for reason, _ in reasons()}
    assert len(known) > 40
    assert known >= set(OWN_TYPES)
    assert known >= RETRIED


def test_what_cannot_be_told_apart_by_its_code_is_not_retried_by_chance() -> None:
    assert not RETRIED & {"ETAG_MISMATCH", "PREVIEW_STALE", "STATEMENT_TIMEOUT", "INTERNAL"}


def test_wrong_fields_are_named() -> None:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="customer.name", description="is required")
    bad.field_violations.add(field="page_size", description="must be positive")
    error = failed(grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID", bad)
    assert isinstance(error, client.ValidationError)
    assert error.fields == {"customer.name": "is required", "page_size": "must be positive"}


def test_duplicates_are_named() -> None:
    hit = customer_service_pb2.DuplicateHit(customer_id="c1", key_kind=customer_pb2.CONTACT_POINT_KIND_EMAIL)
    detail = customer_service_pb2.DuplicateCustomerDetail(hits=[hit])
    error = failed(grpc.StatusCode.ALREADY_EXISTS, "DUPLICATE_CUSTOMER", detail)
    assert isinstance(error, client.DuplicateError)
    assert error.duplicates == [("c1", "EMAIL")]


def test_what_forbids_a_call_is_named() -> None:
    detail = error_details_pb2.PreconditionFailure()
    detail.violations.add(type="ACTIVE_JOB", subject="j1", description="is going on")
    error = failed(grpc.StatusCode.FAILED_PRECONDITION, "ACTIVE_JOBS", detail)
    assert isinstance(error, client.PreconditionError)
    assert error.violations == [("ACTIVE_JOB", "j1", "is going on")]


def test_details_that_did_not_come_are_empty() -> None:
    for code, name in (
        ("INVALID_ARGUMENT", "fields"),
        ("ALREADY_EXISTS", "duplicates"),
        ("FAILED_PRECONDITION", "violations"),
    ):
        assert not getattr(failed(grpc.StatusCode[code], "X"), name)


def test_an_error_says_when_to_come_back_and_what_it_is_about() -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000))
    error = failed(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry, limit="write")
    assert (error.retry_after_s, error.metadata) == (1.5, {"limit": "write"})
    assert error.detail(error_details_pb2.QuotaFailure) is None


def test_what_no_service_answered_has_no_reason() -> None:
    error = typed(Failed(grpc.StatusCode.UNAVAILABLE, message=""))
    assert (type(error), error.reason, str(error)) == (client.UnavailableError, "", "what grpc says")
    assert typed(error) is error
    assert type(typed(Failed(grpc.StatusCode.UNKNOWN))) is client.RepositoryError


def test_callers_that_know_grpc_alone_still_catch_it() -> None:
    with pytest.raises(grpc.RpcError) as raised:
        raise failed(grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND", customer_id="c")
    assert isinstance(raised.value, client.NotFoundError)
    assert not isinstance(raised.value, client.RepositoryError)
