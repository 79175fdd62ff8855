"""A thin typed client of the three services, on their stubs: what a backend service needs beside them and no more."""

from services.client.client import PatronageClient
from services.client.errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    DeadlineError,
    DuplicateError,
    EtagMismatchError,
    NotFoundError,
    NotYetFreshError,
    PatronageError,
    PermissionDeniedError,
    PreconditionError,
    RateLimitedError,
    RepositoryError,
    StaleError,
    UnavailableError,
    ValidationError,
)
from services.client.money import from_decimal, to_decimal
from services.client.paging import items, pages
from services.client.settings import ClientSettings

__all__ = [
    "AuthenticationError",
    "ClientSettings",
    "ConflictError",
    "CursorExpiredError",
    "DeadlineError",
    "DuplicateError",
    "EtagMismatchError",
    "NotFoundError",
    "NotYetFreshError",
    "PatronageClient",
    "PatronageError",
    "PermissionDeniedError",
    "PreconditionError",
    "RateLimitedError",
    "RepositoryError",
    "StaleError",
    "UnavailableError",
    "ValidationError",
    "from_decimal",
    "items",
    "pages",
    "to_decimal",
]
