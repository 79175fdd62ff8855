"""The record of one call, which the interceptors fill as it passes."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from services.runtime.caller import Caller

# Random bytes for each call would let another thread have the interpreter, which costs a call a twentieth of its time.
_PROCESS = secrets.token_hex(8)
_numbers = count()
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


@dataclass(slots=True)
class Call:
    """One call: what is asked, by whom, and how it ended."""

    method: str
    metadata: dict[str, str]
    request_id: str
    started: float = field(default_factory=time.perf_counter)
    caller: Caller | None = None
    code: str = "OK"
    reason: str = ""


def open_call(method: str, context: Any) -> Call:
    """The record for a call that begins. The caller may name it by the metadata key request-id."""
    metadata: dict[str, str] = {}
    for key, value in context.invocation_metadata() or ():
        if isinstance(value, str):
            # What is sent twice says nothing: a proxy and a service must not read two different callers.
            metadata[key] = "" if key in metadata else value
    given = metadata.get("request-id", "")
    return Call(method, metadata, given if _REQUEST_ID.fullmatch(given) else f"{_PROCESS}{next(_numbers):016x}")


def why_gone(context: Any) -> str:
    """The code of a call whose client is there no more."""
    return "CANCELLED" if context.time_remaining() else "DEADLINE_EXCEEDED"
