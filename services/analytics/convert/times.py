"""Times: Timestamp messages to values and back."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from services.analytics.domain.instants import InstantInput


def instant_input(message: Timestamp) -> InstantInput:
    """A time as a request says it."""
    return InstantInput(message.seconds, message.nanos)


def timestamp(instant: datetime | None) -> Timestamp | None:
    """The message of a time; None where there is none."""
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant)
    return message
