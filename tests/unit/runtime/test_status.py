"""Failures as google.rpc.Status."""

from typing import TypeVar
from urllib.parse import quote

import pytest
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.runtime.failures import EtagMismatch, FieldsInvalid, FieldViolation, PreconditionViolation
from services.runtime.interceptors.status import status_of

M = TypeVar("M", bound=Message)


def detail(status: status_pb2.Status, kind: type[M]) -> M:
    for packed in status.details:
        found = kind()
        if packed.Unpack(found):
            return found
    raise AssertionError(f"no {kind.__name__}")


def test_every_failure_has_its_reason_and_metadata() -> None:
    status = status_of(EtagMismatch("Read it again.", metadata={"customer_id": "7"}))
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (status.code, status.message) == (code_pb2.ABORTED, "Read it again.")
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "ETAG_MISMATCH",
        "patronage",
        {"customer_id": "7"},
    )


def test_a_bad_request_lists_every_field() -> None:
    status = status_of(FieldsInvalid([FieldViolation("name", "is empty"), FieldViolation("phone", "is bad")]))
    listed = detail(status, error_details_pb2.BadRequest).field_violations
    assert [(v.field, v.description) for v in listed] == [("name", "is empty"), ("phone", "is bad")]


def test_preconditions_and_a_time_to_come_back_travel_as_details() -> None:
    violation = PreconditionViolation("JOBS", "customers/7", "has open jobs")
    status = status_of(EtagMismatch("x", preconditions=[violation], retry_after=1.5))
    retry = detail(status, error_details_pb2.RetryInfo).retry_delay
    [found] = detail(status, error_details_pb2.PreconditionFailure).violations
    assert retry.ToMilliseconds() == 1500
    assert (found.type, found.subject, found.description) == ("JOBS", "customers/7", "has open jobs")


def test_a_service_adds_typed_details() -> None:
    status = status_of(EtagMismatch("x"), lambda _: [StringValue(value="more")])
    assert detail(status, StringValue).value == "more"


def test_a_very_long_failure_still_fits_into_trailers() -> None:
    fields = [FieldViolation(f"rows[{i}].email", "is no e-mail address " * 3) for i in range(2_000)]
    status = status_of(FieldsInvalid(fields), lambda _: [StringValue(value="x" * 10_000)])
    assert status.ByteSize() < 7_000
    assert detail(status, error_details_pb2.ErrorInfo).reason == "FIELDS_INVALID"
    assert len(detail(status, error_details_pb2.BadRequest).field_violations) > 10


@pytest.mark.parametrize("character", ["x", "é", "😀", "%", "\n", "\x00"])
def test_text_of_any_alphabet_fits_into_trailers(character: str) -> None:
    fields = [FieldViolation(character * 5_000, character * 5_000) for _ in range(20)]
    status = status_of(FieldsInvalid(fields))
    metadata = status_of(EtagMismatch(character * 5_000, metadata={"id": character * 5_000}))
    for one in (status, metadata):
        assert one.ByteSize() + len(quote(one.message, safe=" ")) < 7_500
        assert detail(one, error_details_pb2.ErrorInfo).domain == "patronage"
    assert detail(status, error_details_pb2.BadRequest).field_violations


def test_what_is_cut_says_so() -> None:
    assert status_of(EtagMismatch("é" * 5_000)).message.endswith("…")
