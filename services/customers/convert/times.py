"""Times as messages and back: of a draft, where a wrong one is named with all other wrong fields, and of a span."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from services.runtime.failures import FieldsInvalid, FieldViolation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(text: str) -> Timestamp:
    """A time in ISO 8601 with its offset as a message."""
    since = datetime.fromisoformat(text) - _EPOCH  # a fifth of what FromDatetime takes, and pages have thousands
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000)


def moment(message: Timestamp, field: str) -> datetime:
    """A time message as a datetime in UTC; one out of range is wrong."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FieldsInvalid([FieldViolation(field, "is no possible time")]) from error


def time_text(message: Timestamp) -> str:
    """A time in ISO 8601; empty where it is no possible time."""
    try:
        return moment(message, "").isoformat()
    except FieldsInvalid:
        return ""


def span(request: Any) -> tuple[datetime | None, datetime | None]:
    """The bounds `start_time` and `end_time` of a request. Raises FieldsInvalid with every wrong one."""
    bounds = {name: time_text(getattr(request, name)) for name in ("start_time", "end_time") if request.HasField(name)}
    wrong = [FieldViolation(name, "is no possible time") for name, text in bounds.items() if not text]
    if wrong:
        raise FieldsInvalid(wrong)
    start, end = (
        datetime.fromisoformat(bounds[name]) if name in bounds else None for name in ("start_time", "end_time")
    )
    return start, end
