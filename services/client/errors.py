"""Errors owns what a failed call raises: one type for each kind of reason, with the details that came with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from patronage.customers.v1 import customer_pb2, customer_service_pb2

M = TypeVar("M", bound=Message)
DETAILS_KEY = "grpc-status-details-bin"


class PatronageError(grpc.RpcError):
    """A call that failed.

    `reason` is the name of an ErrorReason without its prefix; empty where no service answered. `metadata` names ids and
    the like. `retry_after_s` says when the call may be repeated. `str()` is the message of the service, for people.
    """

    def __init__(self, error: grpc.RpcError, status: status_pb2.Status) -> None:
        self._error: Any = error
        self._details = status.details
        info = self.detail(error_details_pb2.ErrorInfo)
        retry = self.detail(error_details_pb2.RetryInfo)
        self.reason: str = info.reason if info else ""
        self.metadata: Mapping[str, str] = dict(info.metadata) if info else {}
        self.retry_after_s: float | None = retry.retry_delay.ToNanoseconds() / 1e9 if retry else None
        super().__init__(status.message or self._error.details() or self._error.code().name)

    def code(self) -> grpc.StatusCode:
        """The status."""
        return self._error.code()  # type: ignore[no-any-return]

    def details(self) -> str:
        """The message of the service."""
        return str(self)

    def trailing_metadata(self) -> Any:
        """What came with the status."""
        return self._error.trailing_metadata()

    def detail(self, kind: type[M]) -> M | None:
        """The typed detail of a kind, such as google.rpc.QuotaFailure; None where there is none of it."""
        found = kind()
        return found if any(packed.Unpack(found) for packed in self._details) else None


class RepositoryError(PatronageError):
    """The service or its database failed; nothing that the caller sent is wrong."""


class UnavailableError(RepositoryError):
    """No service answers, or it cannot now; the call may be repeated."""


class DeadlineError(RepositoryError):
    """The call took longer than it had, or than the service allows."""


class NotFoundError(PatronageError):
    """There is no such thing in the caller's company."""


class ValidationError(PatronageError):
    """The request is wrong. `fields` holds every bad field with what it should be."""

    @property
    def fields(self) -> Mapping[str, str]:
        found = self.detail(error_details_pb2.BadRequest)
        return {one.field: one.description for one in found.field_violations} if found else {}


class DuplicateError(PatronageError):
    """The thing exists already. `duplicates` holds pairs of a customer's id and the kind of the key that hit."""

    @property
    def duplicates(self) -> Sequence[tuple[str, str]]:
        found = self.detail(customer_service_pb2.DuplicateCustomerDetail)
        name = customer_pb2.ContactPointKind.Name
        hits = found.hits if found else ()
        return [(hit.customer_id, name(hit.key_kind).removeprefix("CONTACT_POINT_KIND_")) for hit in hits]


class ConflictError(PatronageError):
    """Something else happened at the same time; the call may be repeated."""


class EtagMismatchError(PatronageError):
    """Somebody changed the thing after it was read: read it again."""


class StaleError(PatronageError):
    """What was previewed or expected has changed: look again."""


class PreconditionError(PatronageError):
    """The state of things forbids the call. `violations` holds what does, where there are several."""

    @property
    def violations(self) -> Sequence[tuple[str, str, str]]:
        """Type, subject and description of each."""
        found = self.detail(error_details_pb2.PreconditionFailure)
        return [(one.type, one.subject, one.description) for one in found.violations] if found else []


class PermissionDeniedError(PatronageError):
    """The caller may not do this."""


class AuthenticationError(PatronageError):
    """There is no token, or one that is not good any more."""


class RateLimitedError(PatronageError):
    """Too many calls: come back after `retry_after_s`."""


class NotYetFreshError(UnavailableError):
    """The service has not followed the changes up to the asked point yet."""


class CursorExpiredError(PatronageError):
    """The cursor or the change token is of a time that is no longer kept: start anew."""


_OF_CODE: Mapping[grpc.StatusCode, type[PatronageError]] = {
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.INVALID_ARGUMENT: ValidationError,
    grpc.StatusCode.ALREADY_EXISTS: DuplicateError,
    grpc.StatusCode.ABORTED: ConflictError,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionError,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDeniedError,
    grpc.StatusCode.UNAUTHENTICATED: AuthenticationError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: RateLimitedError,
    grpc.StatusCode.OUT_OF_RANGE: CursorExpiredError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
}
_OF_REASON: Mapping[str, type[PatronageError]] = {
    "ETAG_MISMATCH": EtagMismatchError,
    "PREVIEW_STALE": StaleError,
    "NOT_YET_FRESH": NotYetFreshError,
}


def error_type(code: grpc.StatusCode, reason: str) -> type[PatronageError]:
    """The type of a failure: by its reason where that says more than its code."""
    return _OF_REASON.get(reason) or _OF_CODE.get(code, RepositoryError)


def typed(error: grpc.RpcError) -> PatronageError:
    """The typed error of a failed call."""
    if isinstance(error, PatronageError):
        return error
    call: Any = error
    status = status_pb2.Status()
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            status.ParseFromString(value)
    plain = PatronageError(error, status)
    return error_type(plain.code(), plain.reason)(error, status)
