"""The cursor of the change feed: opaque text that says what a follower has got, and of which stream."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from typing import Any

from services.runtime.failures import CursorExpired, FieldsInvalid, FieldViolation

ALL_COMPANIES = ""
COMPANIES, CUSTOMERS, CONVERSATIONS, ENGAGEMENTS = "companies", "customers", "conversations", "engagements"
SUBJECTS = (COMPANIES, CUSTOMERS, CONVERSATIONS, ENGAGEMENTS)
"""What the pass over everything sends, in this order."""
NO_ID = str(uuid.UUID(int=0))

_VERSION = b"\x01"
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LogPosition:
    """In the log: every transaction below `xid` was sent, and of `xid` itself the changes up to `seq`."""

    xid: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotPosition:
    """In the pass over everything: what was sent last. The log is read from `horizon` when the pass is done.

    `thing_id` is that of a customer, a conversation and so on, whichever the subject is; a company has none.
    """

    horizon: int
    subject: str = COMPANIES
    company_id: str = ""
    thing_id: str = NO_ID

    def next_subject(self) -> SnapshotPosition | None:
        """Before all things of the next subject; None after the last one."""
        following = SUBJECTS[SUBJECTS.index(self.subject) + 1 :]
        return SnapshotPosition(self.horizon, following[0]) if following else None


Position = LogPosition | SnapshotPosition


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position within one life of the database, in the stream of one company or of all of them."""

    epoch: str
    company_id: str
    position: Position

    def at(self, position: Position) -> Cursor:
        """The cursor of the same stream at another position."""
        return Cursor(self.epoch, self.company_id, position)

    def encode(self) -> str:
        """The opaque text that travels to followers."""
        body = json.dumps([self.epoch, self.company_id, *_values(self.position)], separators=(",", ":"))
        return base64.urlsafe_b64encode(_VERSION + body.encode()).decode().rstrip("=")

    @staticmethod
    def parse(text: str) -> Cursor:
        """The cursor that a follower sent back. Raises FieldsInvalid."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
            epoch, company_id, *values = json.loads(raw[1:])
            if raw[:1] != _VERSION or not _are_texts(epoch, company_id):
                raise ValueError("not a cursor")
            return Cursor(epoch, company_id, _position(values))
        except (ValueError, TypeError, RecursionError, binascii.Error) as error:
            raise _wrong("must be a cursor as FollowChanges sent it", str(error)) from error


def resume(text: str, epoch: str, company_id: str) -> Cursor:
    """The cursor to go on from. Raises CursorExpired for another epoch, FieldsInvalid for another stream."""
    cursor = Cursor.parse(text)
    if cursor.epoch != epoch:
        raise expired("the cursor is of another epoch")
    if cursor.company_id != company_id:
        raise _wrong("must be a cursor of this token's own stream", "another company's cursor")
    return cursor


def check_kept(position: Position, expired_below: int, next_xid: int) -> None:
    """Refuses a position that the feed no longer reaches back to, or that lies after all there is."""
    xid = position.xid if isinstance(position, LogPosition) else position.horizon
    if xid < expired_below:
        raise expired(f"the feed reaches back to {expired_below}, the cursor is at {xid}")
    if xid > next_xid:
        raise expired(f"the next transaction is {next_xid}, the cursor is at {xid}: the database was set back")


def expired(cause: str) -> CursorExpired:
    """The failure for a cursor that cannot be resumed."""
    text = "The cursor can no longer be resumed. Follow from an empty cursor, and sweep what it does not send."
    return CursorExpired(text, cause=cause)


def _values(position: Position) -> list[Any]:
    if isinstance(position, LogPosition):
        return ["log", position.xid, position.seq]
    return ["snapshot", position.horizon, position.subject, position.company_id, position.thing_id]


def _position(values: list[Any]) -> Position:
    match values:
        case ["log", xid, seq]:
            return LogPosition(_number(xid), _number(seq))
        case ["snapshot", horizon, str() as subject, str() as company, str() as thing] if subject in SUBJECTS:
            if b"\0" in company.encode():
                raise ValueError("not a company")
            return SnapshotPosition(_number(horizon), subject, company, str(uuid.UUID(thing)))
    raise ValueError("not a position")


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ValueError("not a number of a cursor")
    return value


def _are_texts(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _wrong(description: str, cause: str) -> FieldsInvalid:
    return FieldsInvalid([FieldViolation("after_cursor", description)], cause=cause)
