"""What can be true when a call fails: a class for each reason, and the collector of bad fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """The names of the gRPC status codes that a failure can have."""

    CANCELLED = "CANCELLED"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    UNAUTHENTICATED = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One bad field of a request: its path, and what it should be."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class PreconditionViolation:
    """One reason why the state of things forbids the call."""

    type: str
    subject: str
    description: str


class Failure(Exception):  # noqa: N818 - a name of what is true, not of a mistake
    """Something true that ends a call. The message is for the caller, `cause` is for the log only."""

    code: ClassVar[Code]
    reason: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        fields: Sequence[FieldViolation] = (),
        preconditions: Sequence[PreconditionViolation] = (),
        retry_after: float | None = None,
        cause: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = dict(metadata or {})
        self.fields = tuple(fields)
        self.preconditions = tuple(preconditions)
        self.retry_after = retry_after
        self.cause = cause


def all_failures() -> set[type[Failure]]:
    """Every failure class that has a reason of its own and is imported by now."""
    found: set[type[Failure]] = set()
    pending = list(Failure.__subclasses__())
    while pending:
        failure = pending.pop()
        pending.extend(failure.__subclasses__())
        if "reason" in vars(failure):
            found.add(failure)
    return found


class FieldsInvalid(Failure):
    """One or more fields of the request are wrong; all of them are named."""

    code = Code.INVALID_ARGUMENT
    reason = "FIELDS_INVALID"

    def __init__(self, fields: Sequence[FieldViolation], *, cause: str = "") -> None:
        listed = "; ".join(f"{f.field}: {f.description}" for f in fields)
        super().__init__(f"Correct these fields: {listed}", fields=fields, cause=cause)


class FieldCheck:
    """Collects every bad field of a request, so that a caller can mend them all at once."""

    def __init__(self) -> None:
        self.violations: list[FieldViolation] = []

    def require(self, condition: object, field: str, description: str) -> bool:
        """Note the field as bad unless the condition holds; answer whether it holds."""
        if not condition:
            self.violations.append(FieldViolation(field, description))
        return bool(condition)

    def raise_if_any(self) -> None:
        """Raise FieldsInvalid with all that was noted."""
        if self.violations:
            raise FieldsInvalid(self.violations)


class PageTokenMismatch(Failure):
    """The page token belongs to another question."""

    code = Code.INVALID_ARGUMENT
    reason = "PAGE_TOKEN_MISMATCH"


class RequestIdReused(Failure):
    """The request id was used for other content."""

    code = Code.INVALID_ARGUMENT
    reason = "REQUEST_ID_REUSED"


class RequestInProgress(Failure):
    """The twin of this request is still running."""

    code = Code.ABORTED
    reason = "REQUEST_IN_PROGRESS"


class EtagMismatch(Failure):
    """Someone changed the thing after it was read."""

    code = Code.ABORTED
    reason = "ETAG_MISMATCH"


class ConflictRetry(Failure):
    """A concurrent writer won; the transaction was rolled back."""

    code = Code.ABORTED
    reason = "CONFLICT_RETRY"


class LockTimeout(Failure):
    """A lock was not to be had in time."""

    code = Code.ABORTED
    reason = "LOCK_TIMEOUT"


class CursorExpired(Failure):
    """The cursor is older than the feed keeps, or of another epoch."""

    code = Code.OUT_OF_RANGE
    reason = "CURSOR_EXPIRED"


class TokenEpoch(Failure):
    """The change token was given out before the database was restored."""

    code = Code.OUT_OF_RANGE
    reason = "TOKEN_EPOCH"


class NotYetFresh(Failure):
    """The changes have not been followed up to the asked point yet."""

    code = Code.UNAVAILABLE
    reason = "NOT_YET_FRESH"


class Unauthenticated(Failure):
    """There is no token, or one that cannot be verified."""

    code = Code.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"


class TokenExpired(Failure):
    """The token was good and has expired."""

    code = Code.UNAUTHENTICATED
    reason = "TOKEN_EXPIRED"


class ScopeMissing(Failure):
    """The token lacks the scope that the method asks for."""

    code = Code.PERMISSION_DENIED
    reason = "SCOPE_MISSING"


class MethodUnknown(Failure):
    """The method is not in the access table."""

    code = Code.PERMISSION_DENIED
    reason = "METHOD_UNKNOWN"


class CompanyRequired(Failure):
    """The caller stands for all companies and named none."""

    code = Code.PERMISSION_DENIED
    reason = "COMPANY_REQUIRED"


class RateLimited(Failure):
    """Too many calls of this class."""

    code = Code.RESOURCE_EXHAUSTED
    reason = "RATE_LIMITED"


class Overloaded(Failure):
    """The service has as many calls or streams as it takes."""

    code = Code.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"


class DatabaseUnavailable(Failure):
    """The database cannot be reached."""

    code = Code.UNAVAILABLE
    reason = "DATABASE_UNAVAILABLE"


class UpstreamUnavailable(Failure):
    """Another service that the call needs does not answer."""

    code = Code.UNAVAILABLE
    reason = "UPSTREAM_UNAVAILABLE"


class ShuttingDown(Failure):
    """The service is being stopped."""

    code = Code.UNAVAILABLE
    reason = "SHUTTING_DOWN"


class StatementTimeout(Failure):
    """A statement took longer than the service allows."""

    code = Code.DEADLINE_EXCEEDED
    reason = "STATEMENT_TIMEOUT"


class Internal(Failure):
    """Our fault; the cause is in the log."""

    code = Code.INTERNAL
    reason = "INTERNAL"
