"""Retries owns which failed calls are made again, and after how long."""

from __future__ import annotations

import random
import uuid
from typing import Any

import grpc
from google.protobuf.message import Message

from services.client.errors import PatronageError

RETRIED = frozenset(
    {
        "REQUEST_IN_PROGRESS",
        "CONFLICT_RETRY",
        "LOCK_TIMEOUT",
        "NOT_YET_FRESH",
        "RATE_LIMITED",
        "OVERLOADED",
        "DATABASE_UNAVAILABLE",
        "UPSTREAM_UNAVAILABLE",
        "SHUTTING_DOWN",
    }
)
"""Reasons after which the same call may do better."""
FIRST_S, LONGEST_S = 0.05, 2.0


def repeatable(request: Message) -> Message:
    """The request as it can be sent again without doing its work twice: with a request id, where it takes one.

    A request without the field `request_id` reads, or is idempotent by an id of its own: a rule of the contract, which
    its tests hold.
    """
    named: Any = request
    if "request_id" not in request.DESCRIPTOR.fields_by_name or named.request_id:
        return request
    copy: Any = type(request)()
    copy.CopyFrom(request)
    copy.request_id = str(uuid.uuid4())
    return copy  # type: ignore[no-any-return]


def may_be_repeated(error: PatronageError) -> bool:
    """Whether a call that failed so may be made again: by its reason, or where no service answered."""
    return error.reason in RETRIED or (not error.reason and error.code() is grpc.StatusCode.UNAVAILABLE)


def delay_s(error: PatronageError, attempt: int, dice: random.Random) -> float:
    """How long to wait after an attempt, counted from 1: as the service says, else ever longer, somewhere in a span."""
    if error.retry_after_s is not None:
        return error.retry_after_s
    return min(LONGEST_S, FIRST_S * 2.0 ** (attempt - 1)) * dice.uniform(0.5, 1.0)
