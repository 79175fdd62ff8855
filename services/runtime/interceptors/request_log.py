"""One line in the log for each call: method, code, time, company, subject, request id. No personal data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.runtime.access import HEALTH
from services.runtime.interceptors.call import Call, why_gone
from services.runtime.logs import get_logger

_log = get_logger("request")
_LOUD = {"INTERNAL": "error", "UNKNOWN": "error", "UNAVAILABLE": "warning", "RESOURCE_EXHAUSTED": "warning"}


@contextmanager
def request_log(call: Call, context: Any) -> Iterator[None]:
    """Log the call when it has ended, however it ended."""
    try:
        yield
        call.code = _code_set_by(context) or call.code
        if not context.is_active():
            call.code = why_gone(context)
    except GeneratorExit:
        call.code = why_gone(context)
        raise
    except BaseException:
        call.code = "UNKNOWN" if call.code == "OK" else call.code
        raise
    finally:
        _write(call)


def log_unknown(method: str) -> None:
    """Log a call of a method that exists nowhere."""
    _log.info("call", method=method[:200], code="UNIMPLEMENTED")


def _code_set_by(context: Any) -> str:
    try:
        code = context.code()
    except NotImplementedError:
        return ""
    return code.name if code is not None else ""


def _write(call: Call) -> None:
    caller = call.caller
    level = "debug" if call.method.startswith(HEALTH) else _LOUD.get(call.code, "info")
    fields: dict[str, Any] = {
        "method": call.method,
        "code": call.code,
        "ms": round((time.perf_counter() - call.started) * 1000, 2),
        "company": caller.company_id if caller else "",
        "subject": caller.subject if caller else "",
        "request_id": call.request_id,
    }
    if call.reason:
        fields["reason"] = call.reason
    getattr(_log, level)("call", **fields)
