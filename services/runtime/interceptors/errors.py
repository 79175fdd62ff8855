"""Turns what a handler raises into the status that the caller gets; the cause goes to the log only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2

from services.runtime.database_errors import database_failure
from services.runtime.failures import Failure, Internal
from services.runtime.interceptors.call import Call, why_gone
from services.runtime.interceptors.status import DETAILS_KEY, DetailsOf, status_of
from services.runtime.interceptors.upstream import failure_of_upstream, status_of_upstream
from services.runtime.logs import get_logger

_log = get_logger("errors")
_CODES = {code.value[0]: code for code in grpc.StatusCode}


def errors(details_of: DetailsOf) -> Callable[[Call, Any], Any]:
    """The layer that answers failures, with the typed details of one service."""

    @contextmanager
    def layer(call: Call, context: Any) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if _is_gone(error, call, context) or _is_aborted(error, call, context):
                raise
            _abort(call, context, _status(error, call, details_of))

    return layer


def _is_gone(error: Exception, call: Call, context: Any) -> bool:
    # The request stream raises a bare RpcError when the client goes away; gRPC knows it by identity.
    if isinstance(error, grpc.RpcError) and not hasattr(error, "code"):
        call.code = why_gone(context)
        return True
    return False


def _is_aborted(error: Exception, call: Call, context: Any) -> bool:
    # context.abort, which gRPC's own services use, raises an Exception without a word.
    if type(error) is not Exception or error.args:
        return False
    try:
        code = context.code()
    except NotImplementedError:
        return False
    if code is None:
        return False
    call.code = code.name
    return True


def _status(error: Exception, call: Call, details_of: DetailsOf) -> status_pb2.Status:
    if isinstance(error, grpc.RpcError):
        passed_on = status_of_upstream(error)
        if passed_on is not None:
            return passed_on
    failure = _failure(error, call)
    if failure.cause:
        _log.warning("failure", reason=failure.reason, cause=failure.cause, request_id=call.request_id)
    return status_of(failure, details_of)


def _failure(error: Exception, call: Call) -> Failure:
    if isinstance(error, Internal):
        return _internal(call, error.cause or error.message)
    if isinstance(error, Failure):
        return error
    found = failure_of_upstream(error) if isinstance(error, grpc.RpcError) else database_failure(error)
    if found is not None:
        return found
    _log.error("unexpected", method=call.method, request_id=call.request_id, exc_info=error)
    return _internal(call, "")


def _internal(call: Call, cause: str) -> Internal:
    text = "Something went wrong on our side. Report the request id."
    return Internal(text, metadata={"request_id": call.request_id}, cause=cause)


def _abort(call: Call, context: Any, status: status_pb2.Status) -> None:
    call.code = code_pb2.Code.Name(status.code)
    call.reason = _reason(status)
    context.set_trailing_metadata(((DETAILS_KEY, status.SerializeToString()),))
    context.abort(_CODES[status.code], status.message)


def _reason(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    return info.reason if status.details and status.details[0].Unpack(info) else ""
