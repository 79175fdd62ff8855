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
    if _was_idle(error):
        text = "The service is too busy to do this in time. Repeat the call with back-off, or send it in smaller parts."
        return Overloaded(text, retry_after=1.0, cause=_describe(error))
    if isinstance(error, TooManyRequests):
        text = "The service has as many calls as it takes. Repeat the call with back-off."
        return Overloaded(text, retry_after=1.0, cause=_describe(error))
    return unavailable(error) if is_connection_lost(error) else None


def is_connection_lost(error: BaseException) -> bool:
    """Whether the error says that the server or the connection to it is gone, for a reason that is not ours.

    A time-out for being idle in a transaction takes the connection too, and says that this service was slow.
    """
    if isinstance(error, PoolTimeout | PoolClosed):
        return True
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or _was_idle(error):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(_CONNECTION_CLASSES)


def _was_idle(error: BaseException) -> bool:
    """Whether the server ended a transaction in which nothing was said for too long.

    Who sends the next statement only then is told by the text alone: libpq adds that the connection broke.
    """
    if isinstance(error, errors.IdleInTransactionSessionTimeout):
        return True
    return isinstance(error, psycopg.OperationalError) and "idle-in-transaction timeout" in str(error)


def _describe(cause: BaseException | str) -> str:
    return cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}".strip()
