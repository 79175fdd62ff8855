"""A failure as google.rpc.Status, with the details that clients switch on."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from urllib.parse import quote

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.runtime.failures import Failure

DOMAIN = "patronage"
DETAILS_KEY = "grpc-status-details-bin"
_SAFE = string.printable.replace("%", "")
DetailsOf = Callable[[Failure], Sequence[Message]]

# A client drops a call whose trailers are above 8 KiB, so what is long is cut. The message travels twice, once with
# each byte of other alphabets in three.
_MESSAGE_LIMIT = 1_000
_DETAILS_LIMIT = 5_000
_VALUE_LIMIT = 1_000
_DESCRIPTION_LIMIT = 400


def no_details(_: Failure) -> Sequence[Message]:
    """For a service without typed details of its own."""
    return ()


def status_of(failure: Failure, details_of: DetailsOf = no_details) -> status_pb2.Status:
    """The status that a failure is sent as."""
    status = status_pb2.Status(code=code_pb2.Code.Value(failure.code.value), message=_message(failure))
    room = _DETAILS_LIMIT
    for detail in (_error_info(failure), *_standard(failure), *details_of(failure)):
        packed = AnyMessage()
        packed.Pack(detail)
        room -= packed.ByteSize()
        if room < 0:
            break
        status.details.append(packed)
    return status


def _message(failure: Failure) -> str:
    return _cut(failure.message, _MESSAGE_LIMIT, lambda text: quote(text, safe=_SAFE))


def _cut(text: str, limit: int, written: Callable[[str], str] = str) -> str:
    """The text, or as much of its beginning as is within a limit of bytes as it is written."""
    if len(text) <= limit and len(written(text).encode()) <= limit:
        return text
    kept = limit = limit - len(written("…").encode())
    while len(written(text[:kept]).encode()) > limit:
        kept = kept * 9 // 10
    return text[:kept] + "…"


def _error_info(failure: Failure) -> Message:
    metadata = {key: _cut(value, _VALUE_LIMIT) for key, value in failure.metadata.items()}
    return error_details_pb2.ErrorInfo(reason=failure.reason, domain=DOMAIN, metadata=metadata)


def _standard(failure: Failure) -> list[Message]:
    details: list[Message] = []
    if failure.retry_after is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=_duration(failure.retry_after)))
    if failure.preconditions:
        details.append(_preconditions(failure))
    if failure.fields:
        details.append(_bad_request(failure))
    return details


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromNanoseconds(int(seconds * 1e9))
    return duration


def _preconditions(failure: Failure) -> Message:
    violation = error_details_pb2.PreconditionFailure.Violation
    return error_details_pb2.PreconditionFailure(
        violations=[violation(type=p.type, subject=p.subject, description=p.description) for p in failure.preconditions]
    )


def _bad_request(failure: Failure) -> Message:
    request = error_details_pb2.BadRequest()
    for field in failure.fields:
        where, what = _cut(field.field, _DESCRIPTION_LIMIT), _cut(field.description, _DESCRIPTION_LIMIT)
        request.field_violations.add(field=where, description=what)
        if request.ByteSize() > _DETAILS_LIMIT - 1_000:
            del request.field_violations[-1]
            break
    return request
