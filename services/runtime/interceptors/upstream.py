"""What a failed call of another service means for the caller of this one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc import RpcError, StatusCode

from services.runtime.failures import Failure, UpstreamUnavailable
from services.runtime.interceptors.status import DETAILS_KEY, DOMAIN

_AWAY = (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.CANCELLED, StatusCode.RESOURCE_EXHAUSTED)
_OURS = (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED, StatusCode.INTERNAL)


def status_of_upstream(error: RpcError) -> status_pb2.Status | None:
    """The status of another service that is passed on as it is: one of the suite, and about the caller's request."""
    code = _code(error)
    if code is None or code in _OURS:
        return None
    for key, value in _trailers(error):
        if key == DETAILS_KEY:
            return _ours(value)
    return None


def reason_of_upstream(error: RpcError) -> str:
    """The reason that another service gives; that it is unavailable where nothing of the suite answered."""
    for key, value in _trailers(error):
        status = _ours(value) if key == DETAILS_KEY else None
        info = error_details_pb2.ErrorInfo()
        for detail in status.details if status else ():
            if detail.Unpack(info):
                return info.reason
    return UpstreamUnavailable.reason


def bad_fields_of_upstream(error: RpcError) -> list[str]:
    """The fields of this service's own request that another service calls bad; none where it says something else."""
    status, found = status_of_upstream(error), error_details_pb2.BadRequest()
    for detail in status.details if status else ():
        if detail.Unpack(found):
            return [violation.field for violation in found.field_violations]
    return []


def failure_of_upstream(error: RpcError) -> Failure | None:
    """The failure when the other service is away; None when the fault is ours."""
    code = _code(error)
    if code not in _AWAY:
        return None
    text = "Another service that this call needs does not answer. Repeat the call in a moment."
    return UpstreamUnavailable(text, retry_after=1.0, cause=str(error))


def _code(error: RpcError) -> StatusCode | None:
    return error.code() if hasattr(error, "code") else None


def _trailers(error: Any) -> Iterable[tuple[str, Any]]:
    return error.trailing_metadata() or ()


def _ours(value: bytes) -> status_pb2.Status | None:
    try:
        status = status_pb2.Status.FromString(value)
    except DecodeError:
        return None
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            return status
    return None
