"""Batches of the change feed as messages."""

from collections.abc import Sequence

import pytest

from patronage.customers.v1 import change_feed_pb2 as pb
from services.customers.convert.change import change_message, responses
from services.customers.domain.cursor import CUSTOMERS, Cursor, LogPosition, Position, SnapshotPosition
from services.customers.domain.feed import Change, FeedBatch


def customer(xid: int, seq: int, number: int = 1, **more: object) -> Change:
    actor = {"subject": "anna", "name": "Anna"}
    shown = {
        "customer_id": f"00000000-0000-7000-8000-{number:012d}",
        "etag": "e",
        "revision": number,
        "state": "ACTIVE",
        "name": "n" * 100,
        "created_at": "2026-01-02T03:04:05+00:00",
        "updated_at": "2026-01-02T03:04:05+00:00",
        "created_by": actor,
        "updated_by": actor,
    }
    return Change(xid, seq, "acme", "customer", "UPDATED", number, shown, **more)  # type: ignore[arg-type]


def batch(changes: Sequence[Change], position: Position) -> FeedBatch:
    return FeedBatch(changes, Cursor("e", "", position))


def positions(messages: list[pb.FollowChangesResponse]) -> list[Position]:
    return [Cursor.parse(message.cursor).position for message in messages]


def test_a_small_batch_is_one_message() -> None:
    [message] = responses(batch([customer(7, 1), customer(7, 2)], LogPosition(9)))
    assert (len(message.changes), message.horizon, message.epoch) == (2, 9, "e")


def test_a_large_batch_is_cut_between_transactions() -> None:
    changes = [customer(7, 1), customer(7, 2), customer(7, 3), customer(8, 4)]
    size = sum(change_message(change).ByteSize() for change in changes)
    messages = list(responses(batch(changes, LogPosition(9)), most_bytes=size - 10))
    assert [len(message.changes) for message in messages] == [3, 1]
    assert [message.horizon for message in messages] == [7, 9]


def test_a_transaction_that_is_larger_than_a_message_is_cut_and_the_horizon_waits_for_its_end() -> None:
    changes = [customer(7, seq) for seq in range(1, 9)]
    messages = list(responses(batch(changes, LogPosition(9)), most_bytes=500))
    assert [len(message.changes) for message in messages] == [2, 2, 2, 2]
    assert positions(messages) == [LogPosition(7, 2), LogPosition(7, 4), LogPosition(7, 6), LogPosition(9)]
    assert [message.horizon for message in messages] == [7, 7, 7, 9]


def test_a_change_that_is_larger_than_a_message_is_sent_alone() -> None:
    messages = list(responses(batch([customer(7, 1), customer(7, 2)], LogPosition(9)), most_bytes=1))
    assert [len(message.changes) for message in messages] == [1, 1]


def test_only_the_last_message_of_a_pass_over_everything_ends_it() -> None:
    changes = [customer(0, 0, number) for number in (1, 2)]
    end = FeedBatch(changes, Cursor("e", "", LogPosition(9)), snapshot_done=True)
    first, last = responses(end, most_bytes=1)
    assert (first.snapshot_done, last.snapshot_done, first.horizon, last.horizon) == (False, True, 0, 9)
    expected = SnapshotPosition(9, CUSTOMERS, "acme", "00000000-0000-7000-8000-000000000001")
    assert positions([first, last]) == [expected, LogPosition(9)]


def test_a_change_of_stage_says_the_stage_before() -> None:
    message = change_message(customer(7, 1, previous_stage="LEAD"))
    assert message.previous_stage == 2


def test_a_merge_is_named() -> None:
    merge = {"merge_id": "m", "source_ids": ["a", "b"], "target_id": "c"}
    expected = pb.MergeReference(merge_id="m", source_ids=["a", "b"], target_id="c")
    assert change_message(customer(7, 1, merge=merge)).merge == expected


def test_settings_are_sent_as_the_company() -> None:
    shown = {"company_id": "acme", "region": "KE", "currency": "KES", "time_zone": "UTC", "revision": 3}
    message = change_message(Change(7, 1, "acme", "company", "SETTINGS_CHANGED", 3, shown))
    assert (message.company.settings.region, message.company.revision) == ("KE", 3)
    assert message.WhichOneof("subject") == "company"


@pytest.mark.parametrize("kind", ["CREATED", "MERGED", "MERGE_UNDONE", "DELETED", "ERASED", "SNAPSHOT"])
def test_every_kind_that_is_stored_is_in_the_contract(kind: str) -> None:
    change = customer(7, 1)
    stored = Change(7, 1, "acme", "customer", kind, 1, change.payload)
    assert pb.ChangeKind.Name(change_message(stored).kind) == f"CHANGE_KIND_{kind}"


def test_an_undo_says_who_undid_it_when_why_and_whether_it_is_left_open() -> None:
    merge = {"merge_id": "m", "source_ids": ["a"], "target_id": "c"}
    undo = {
        "undone_by": {"subject": "bea", "name": "Bea"},
        "undo_reason": "two persons",
        "left_undecided": True,
        "undo_time": "2026-01-02T03:04:05.000006+00:00",
    }
    told = change_message(customer(7, 1, merge={**merge, **undo})).merge
    assert (told.merge_id, told.undone_by.subject, told.undone_by.name) == ("m", "bea", "Bea")
    assert (told.undo_reason, told.left_undecided) == ("two persons", True)
    assert told.undo_time.ToJsonString() == "2026-01-02T03:04:05.000006Z"
