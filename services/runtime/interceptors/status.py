"""A failure as google.rpc.Status, with the details that clients switch on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.runtime.failures import Failure

DOMAIN = "patronage"
DETAILS_KEY = "grpc-status-details-bin"
DetailsOf = Callable[[Failure], Sequence[Message]]

# A client drops a call whose trailers are above 8 KiB, so a long list of violations is cut.
_MESSAGE_LIMIT = 1_000
_DETAILS_LIMIT = 5_000


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
    text = failure.message
    return text if len(text) <= _MESSAGE_LIMIT else text[: _MESSAGE_LIMIT - 1] + "…"


def _error_info(failure: Failure) -> Message:
    return error_details_pb2.ErrorInfo(reason=failure.reason, domain=DOMAIN, metadata=failure.metadata)


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
        request.field_violations.add(field=field.field, description=field.description)
        if request.ByteSize() > _DETAILS_LIMIT - 1_000:
            del request.field_violations[-1]
            break
    return request
