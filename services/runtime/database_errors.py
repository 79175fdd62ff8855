"""What an error of psycopg or its pool means for the caller."""

from __future__ import annotations

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from services.runtime.failures import (
    ConflictRetry,
    DatabaseUnavailable,
    Failure,
    LockTimeout,
    Overloaded,
    StatementTimeout,
)

_CONNECTION_CLASSES = ("08", "53", "57P", "58")


def unavailable(cause: BaseException | str) -> DatabaseUnavailable:
    """The failure for a database that cannot be reached."""
    text = "The database cannot be reached. Repeat the call in a moment."
    return DatabaseUnavailable(text, retry_after=1.0, cause=_describe(cause))


def database_failure(error: BaseException) -> Failure | None:
    """The failure that a database error stands for, or None when the error is our fault."""
    if isinstance(error, errors.LockNotAvailable):
        text = "Another writer holds what this call needs. Repeat the call in a moment."
        return LockTimeout(text, retry_after=0.5, cause=_describe(error))
    if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
        text = "The call met a concurrent writer and was rolled back. Repeat it."
        return ConflictRetry(text, retry_after=0.05, cause=_describe(error))
    if isinstance(error, errors.QueryCanceled):
        text = "The question took too long. Ask a narrower one."
        return StatementTimeout(text, cause=_describe(error))
    if isinstance(error, TooManyRequests):
        text = "The service has as many calls as it takes. Repeat the call with back-off."
        return Overloaded(text, retry_after=1.0, cause=_describe(error))
    return unavailable(error) if is_connection_lost(error) else None


def is_connection_lost(error: BaseException) -> bool:
    """Whether the error says that the server or the connection to it is gone."""
    if isinstance(error, PoolTimeout | PoolClosed | errors.IdleInTransactionSessionTimeout):
        return True
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(_CONNECTION_CLASSES)


def _describe(cause: BaseException | str) -> str:
    return cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}".strip()
