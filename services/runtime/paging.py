"""Pages of a list: their size, and an opaque token that knows the question it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from services.runtime.failures import FieldsInvalid, FieldViolation, PageTokenMismatch

T = TypeVar("T")

MOST_BYTES = 3 << 20
_VERSION = b"\x01"
_DIGEST_BYTES = 9
_LARGEST = 2**63 - 1


def page_size(requested: int, default: int = 20, most: int = 1000) -> int:
    """The number of items to return: 0 means the default, more than the most means the most."""
    if requested < 0:
        raise FieldsInvalid([FieldViolation("page_size", f"must be between 0 and {most}")])
    return min(requested or default, most)


def page_of(found: Sequence[T], size: int, weight: Callable[[T], int]) -> tuple[Sequence[T], bool]:
    """The items of a page, at least one if there is one, and whether more were found.

    There are fewer than asked for where their bytes are more than a client takes in one message unless it is told
    otherwise, which is 4 MiB.
    """
    kept, room = 0, MOST_BYTES
    for item in found[:size]:
        room -= weight(item)
        if kept and room < 0:
            break
        kept += 1
    return found[:kept], len(found) > kept


def page_token(question: Mapping[str, Any], position: Sequence[Any], company_id: str) -> str:
    """A token for the page after the position, for the company whose list it is.

    The position holds text, integers, booleans and nulls.
    """
    body = json.dumps(list(position), separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(_VERSION + _digest(question, company_id) + body.encode()).decode().rstrip("=")


def position_of(token: str, question: Mapping[str, Any], company_id: str) -> list[Any] | None:
    """The position that a token stands for, or None for the first page."""
    if not token:
        return None
    digest, position = _opened(token)
    if digest != _digest(question, company_id):
        text = "The page token belongs to another question. Repeat the call with the fields of the first page."
        raise PageTokenMismatch(text)
    return position


def moment(value: object) -> str:
    """The time in a position as the database reads it: what is a time here may be written as none there."""
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise not_a_token(error) from error


def not_a_token(cause: Exception | None = None) -> FieldsInvalid:
    """The failure for a page token that the method never returned."""
    wrong = FieldViolation("page_token", "must be a next_page_token as this method returned it")
    return FieldsInvalid([wrong], cause=str(cause or ""))


def _digest(question: Mapping[str, Any], company_id: str) -> bytes:
    canonical = json.dumps([company_id, question], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).digest()[:_DIGEST_BYTES]


def _opened(token: str) -> tuple[bytes, list[Any]]:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        position = json.loads(raw[1 + _DIGEST_BYTES :])
        if raw[:1] != _VERSION or not isinstance(position, list) or not all(map(_is_storable, position)):
            raise ValueError("not a page token")
    except (ValueError, RecursionError, binascii.Error) as error:
        raise not_a_token(error) from error
    return raw[1 : 1 + _DIGEST_BYTES], position


def _is_storable(value: Any) -> bool:
    """Whether a value of a position is one that the database can compare with: the digest is no signature."""
    if isinstance(value, str):
        value.encode()  # raises for half a surrogate pair
        return "\x00" not in value
    return value is None or (isinstance(value, int) and -_LARGEST <= value <= _LARGEST)
