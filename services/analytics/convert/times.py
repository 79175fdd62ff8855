"""Times: Timestamp messages to values and back."""

from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.analytics.domain.instants import InstantInput


def instant_input(message: Timestamp) -> InstantInput:
    """A time as a request says it."""
    return InstantInput(message.seconds, message.nanos)


def asked_instant(request: Message, field: str) -> InstantInput | None:
    """The time in a field of a request; None where it is absent."""
    return instant_input(getattr(request, field)) if request.HasField(field) else None


def timestamp(instant: datetime | None) -> Timestamp | None:
    """The message of a time; None where there is none."""
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant)
    return message
