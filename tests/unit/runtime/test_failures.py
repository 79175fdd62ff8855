"""Failures and the collector of bad fields."""

import pytest

from patronage.errors.v1 import error_reason_pb2
from services.runtime.failures import (
    Code,
    EtagMismatch,
    FieldCheck,
    FieldsInvalid,
    all_failures,
)

REASONS = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name}


def test_every_bad_field_is_reported_at_once() -> None:
    check = FieldCheck()
    check.require("", "name", "is empty")
    check.require(True, "phone", "is fine")
    check.require(0, "page_size", "is zero")
    with pytest.raises(FieldsInvalid, match="name: is empty; page_size: is zero") as raised:
        check.raise_if_any()
    assert [f.field for f in raised.value.fields] == ["name", "page_size"]


def test_a_check_without_violations_passes() -> None:
    check = FieldCheck()
    assert check.require(1, "name", "is empty")
    check.raise_if_any()


def test_the_cause_is_no_part_of_the_message() -> None:
    failure = EtagMismatch("Read it again.", cause="row 7 has etag 3")
    assert str(failure) == "Read it again."
    assert failure.cause == "row 7 has etag 3"


def test_a_failure_does_not_share_its_metadata_with_another() -> None:
    first = EtagMismatch("x")
    first.metadata["a"] = "b"
    assert EtagMismatch("x").metadata == {}


def test_every_generic_failure_has_a_reason_of_the_contract_and_a_grpc_code() -> None:
    ours = {f for f in all_failures() if f.__module__ == "services.runtime.failures"}
    assert {f.reason for f in ours} <= REASONS
    assert all(isinstance(f.code, Code) for f in ours)
    assert len({f.reason for f in ours}) == len(ours)
