"""The cursor of the change feed."""

import base64
import json

import pytest

from services.customers.domain.cursor import (
    ALL_COMPANIES,
    COMPANIES,
    CUSTOMERS,
    Cursor,
    LogPosition,
    Position,
    SnapshotPosition,
    check_kept,
    resume,
)
from services.runtime.failures import CursorExpired, FieldsInvalid

POSITIONS: list[Position] = [
    LogPosition(812, 0),
    LogPosition(2**62, 2**62),
    SnapshotPosition(812),
    SnapshotPosition(812, COMPANIES, "acme"),
    SnapshotPosition(812, CUSTOMERS, 'ac"me/ü', "0190f3a5-7c7b-7d1e-8f5c-0123456789ab"),
]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("company_id", [ALL_COMPANIES, "acme"])
def test_a_cursor_survives_the_way_to_the_follower_and_back(position: Position, company_id: str) -> None:
    cursor = Cursor("epoch-1", company_id, position)
    assert Cursor.parse(cursor.encode()) == cursor


def test_a_cursor_is_text_that_needs_no_escaping() -> None:
    assert Cursor("epoch-1", "acme", POSITIONS[-1]).encode().replace("-", "").replace("_", "").isalnum()


def sealed(*values: object) -> str:
    return base64.urlsafe_b64encode(b"\x01" + json.dumps(values).encode()).decode().rstrip("=")


GARBAGE = [
    "x",
    "not a cursor",
    "ü",
    "====",
    base64.urlsafe_b64encode(b"\x02" + json.dumps(["e", "", "log", 1, 1]).encode()).decode(),
    base64.urlsafe_b64encode(b"\x01" + b"[" * 5_000).decode(),
    sealed(),
    sealed("e", "", "log", 1),
    sealed("e", "", "log", "1", 1),
    sealed("e", "", "log", True, 1),
    sealed("e", "", "log", -1, 0),
    sealed("e", "", "log", 2**63, 0),
    sealed("e", 7, "log", 1, 1),
    sealed("e", "", "snapshot", 1, "notes", "acme", "0190f3a5-7c7b-7d1e-8f5c-0123456789ab"),
    sealed("e", "", "snapshot", 1, "customers", "acme", "1; DROP TABLE feed"),
    sealed("e", "", "snapshot", 1, "customers", "ac\0me", "0190f3a5-7c7b-7d1e-8f5c-0123456789ab"),
    sealed("e", "", "snapshot", 1, "customers", "ac\ud800me", "0190f3a5-7c7b-7d1e-8f5c-0123456789ab"),
]


@pytest.mark.parametrize("text", GARBAGE)
def test_what_is_no_cursor_is_a_wrong_field(text: str) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        Cursor.parse(text)
    assert [violation.field for violation in raised.value.fields] == ["after_cursor"]


def test_a_cursor_of_another_epoch_is_expired() -> None:
    cursor = Cursor("before the restore", ALL_COMPANIES, LogPosition(5))
    with pytest.raises(CursorExpired):
        resume(cursor.encode(), "after it", ALL_COMPANIES)


@pytest.mark.parametrize(("of", "used_by"), [("acme", "other"), ("acme", ALL_COMPANIES), (ALL_COMPANIES, "acme")])
def test_a_cursor_belongs_to_the_stream_of_one_company_or_of_all(of: str, used_by: str) -> None:
    cursor = Cursor("e", of, LogPosition(5))
    with pytest.raises(FieldsInvalid):
        resume(cursor.encode(), "e", used_by)


def test_a_position_that_the_feed_reaches_back_to_is_kept() -> None:
    check_kept(LogPosition(10), expired_below=10, next_xid=10)
    check_kept(SnapshotPosition(10), expired_below=10, next_xid=10)


@pytest.mark.parametrize("position", [LogPosition(9, 4), SnapshotPosition(9)])
def test_a_position_below_what_the_feed_keeps_is_expired(position: Position) -> None:
    with pytest.raises(CursorExpired):
        check_kept(position, expired_below=10, next_xid=20)


def test_a_position_after_the_last_transaction_shows_that_the_database_was_set_back() -> None:
    with pytest.raises(CursorExpired):
        check_kept(LogPosition(21), expired_below=10, next_xid=20)
