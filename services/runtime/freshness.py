"""How far changes have been followed: change tokens, waiting for one, and the age of what is known."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.runtime.failures import FieldCheck, FieldsInvalid, FieldViolation, NotYetFresh, TokenEpoch

if TYPE_CHECKING:
    from services.runtime.database import Database

_SPARE_S = 0.05
_FIRST_POLL_S = 0.005
_LONGEST_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class ChangeToken:
    """A point in the history of the customers database: its epoch and a transaction in it."""

    epoch: str
    xid: int

    def encode(self) -> str:
        """The opaque text that travels to callers."""
        return base64.urlsafe_b64encode(f"1.{self.xid}.{self.epoch}".encode()).decode().rstrip("=")

    @staticmethod
    def parse(text: str) -> ChangeToken:
        """The token that a caller sent back."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            version, xid, epoch = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(".", 2)
            if version != "1" or not epoch or not xid.isascii() or not xid.isdigit():
                raise ValueError("not a change token")
            return ChangeToken(epoch, int(xid))
        except (ValueError, binascii.Error) as error:
            wrong = FieldViolation("at_least_as_fresh", "must be a change_token as a mutation returned it")
            raise FieldsInvalid([wrong], cause=str(error)) from error

    @staticmethod
    def asked(text: str, check: FieldCheck) -> ChangeToken | None:
        """The token that a read asks for; None where it asks for none, or for none that can be read, which is noted."""
        if not text:
            return None
        try:
            return ChangeToken.parse(text)
        except FieldsInvalid as error:
            check.violations.extend(error.fields)
            return None


@dataclass(slots=True)
class Horizon:
    """What this process last knew about one follower, shared by all that wait for it."""

    epoch: str = ""
    xid: int = 0
    read_at: float = float("-inf")
    moved: threading.Condition = field(default_factory=threading.Condition)

    def meets(self, token: ChangeToken) -> bool:
        """Whether everything up to the token is applied. Another epoch than the token's is refused."""
        if self.epoch and self.epoch != token.epoch:
            text = "The change token is older than the last restore of the data. Read without it."
            raise TokenEpoch(text)
        return bool(self.epoch) and self.xid > token.xid

    def move(self, epoch: str, xid: int) -> None:
        """Note a new horizon and wake everyone who waits."""
        with self.moved:
            self.epoch, self.xid, self.read_at = epoch, xid, time.monotonic()
            self.moved.notify_all()


def wait_until_fresh(
    database: Database, name: str, token: ChangeToken, deadline_s: float, wanted: Callable[[], bool] = lambda: True
) -> None:
    """Wait until the follower has applied all up to the token, at most until 50 ms before the deadline.

    `wanted` says whether someone still waits for the answer; the thread is given back when nobody does.
    """
    horizon = database.horizon(name)
    give_up = time.monotonic() + deadline_s - _SPARE_S
    pause = _FIRST_POLL_S
    while not _meets_now(database, name, horizon, token, pause):
        remaining = give_up - time.monotonic()
        if remaining <= 0 or not wanted():
            text = "The changes have not been followed that far yet. Repeat the read in a moment."
            raise NotYetFresh(text, retry_after=0.1, cause=f"{name} is at {horizon.xid}, asked {token.xid}")
        with horizon.moved:
            horizon.moved.wait(min(pause, remaining))
        pause = min(pause * 2, _LONGEST_POLL_S)


def _meets_now(database: Database, name: str, horizon: Horizon, token: ChangeToken, max_age_s: float) -> bool:
    with horizon.moved:
        if horizon.epoch == token.epoch and horizon.xid > token.xid:
            return True
        if time.monotonic() - horizon.read_at < max_age_s / 2:
            return horizon.meets(token)
        horizon.read_at = time.monotonic()
    _read(database, name, horizon)
    return horizon.meets(token)


def _read(database: Database, name: str, horizon: Horizon) -> None:
    sql = "SELECT epoch, horizon FROM follower_cursors WHERE name = %s"
    with database.connection() as connection:
        row = connection.execute(sql, (name,)).fetchone()
    if row is not None:
        horizon.move(row[0], row[1])


def age(database: Database, name: str) -> float:
    """Seconds since the follower last applied a batch or a checkpoint; infinite when it never did."""
    # A difference of numbers: one of times cannot be infinite before PostgreSQL 17.
    since = "extract(epoch FROM clock_timestamp()) - extract(epoch FROM batch_at)"
    sql = f"SELECT {since} FROM follower_cursors WHERE name = %s"
    with database.connection() as connection:
        row = connection.execute(sql, (name,)).fetchone()
    return max(0.0, float(row[0])) if row is not None else float("inf")
