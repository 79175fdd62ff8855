"""The faults of the older system, each by its name: what went wrong there is done here, on real services.

Half merges, the first of them, are shown where a merge can be broken off after each of its statements:
tests/integration/customers/test_half_merges.py, and by killing everything in tests/faults/test_merges_killed.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from google.type import date_pb2

from patronage.customers.v1 import conversation_service_pb2, customer_pb2, note_service_pb2, timeline_pb2
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.matching.v1 import matching_service_pb2 as matching_pb
from patronage.matching.v1 import merge_service_pb2 as pb
from services.client import NotFoundError
from services.local.suite import Suite
from tests.faults.company import until
from tests.system.chatting import ANN, Chats, outcome

OLD_LIMIT = 1_000
"""As many customers the older system looked at in a scan."""

CHANGING = {"etag", "revision", "update_time"}
RUNNING = {matching_pb.SCAN_STATE_PENDING, matching_pb.SCAN_STATE_RUNNING}


@pytest.fixture
def shop(suite: Suite) -> Iterator[Chats]:
    made = Chats(suite)
    yield made
    made.close()


@pytest.fixture
def rival(suite: Suite) -> Iterator[Chats]:
    made = Chats(suite)
    yield made
    made.close()


def merge(shop: Chats, target: str, *sources: str) -> pb.MergeCustomersResponse:
    asked = pb.MergeCustomersRequest(
        target_id=target, source_ids=sources, allow_unpreviewed=True, reason="the same person"
    )
    return shop.client.merges.MergeCustomers(asked)


def note(shop: Chats, customer_id: str, content: str) -> None:
    asked = note_service_pb2.CreateNoteRequest(customer_id=customer_id, note=note_service_pb2.Note(content=content))
    shop.client.notes.CreateNote(asked)


def everything(shop: Chats, customer_id: str) -> dict[str, Any]:
    """What a caller is shown of a customer and of all that belongs to it, without what any write changes."""
    talks = conversation_service_pb2.ListConversationsRequest(customer_id=customer_id)
    notes = note_service_pb2.ListNotesRequest(customer_id=customer_id)
    figures = conversation_service_pb2.GetConversationMetricsRequest(customer_id=customer_id)
    shown = MessageToDict(shop.customer(customer_id), preserving_proto_field_name=True)
    return {
        **{name: value for name, value in shown.items() if name not in CHANGING},
        "conversations": [one.session_id for one in shop.client.conversations.ListConversations(talks).conversations],
        "notes": [one.content for one in shop.client.notes.ListNotes(notes).notes],
        "figures": MessageToDict(shop.client.conversations.GetConversationMetrics(figures).metrics),
    }


def events(shop: Chats, customer_id: str) -> list[tuple[str, str]]:
    """The types of the events on a timeline, each with the id that it was written for."""
    kinds = (timeline_pb2.TIMELINE_KIND_EVENT, timeline_pb2.TIMELINE_KIND_MERGE)
    asked = timeline_pb2.ListTimelineRequest(customer_id=customer_id, kinds=kinds)
    entries = shop.client.customers.ListTimeline(asked).entries
    name = timeline_pb2.EventType.Name
    return [(name(one.event.type).removeprefix("EVENT_TYPE_"), one.origin_customer_id) for one in entries]


def group_ids(shop: Chats) -> list[set[str]]:
    """The members of each group that a new scan finds."""
    scan = shop.client.matching.ScanDuplicates(matching_pb.ScanDuplicatesRequest()).scan
    asked = matching_pb.GetScanRequest(scan_id=scan.scan_id)
    until(lambda: shop.client.matching.GetScan(asked).scan.state not in RUNNING, "the scan ends")
    ended = shop.client.matching.GetScan(asked).scan
    assert ended.state == matching_pb.SCAN_STATE_DONE, ended
    groups = shop.client.matching.ListDuplicateGroups(matching_pb.ListDuplicateGroupsRequest(page_size=1_000)).groups
    return [{member.customer_id for member in group.members} for group in groups]


def import_many(shop: Chats, drafts: list[customer_pb2.Customer]) -> list[str]:
    rows = [import_pb.ImportRow(row_number=place, customer=draft) for place, draft in enumerate(drafts, 1)]
    parts = [import_pb.ImportCustomersRequest(options=import_pb.ImportOptions())]
    parts += [
        import_pb.ImportCustomersRequest(rows=import_pb.ImportRows(rows=rows[begin : begin + 500]))
        for begin in range(0, len(rows), 500)
    ]
    answers = list(shop.client.imports.ImportCustomers(iter(parts)))
    shop.client.change_token = answers[-1].change_token
    return [outcome.customer_id for answer in answers for outcome in answer.outcomes]


def test_lost_events_a_merge_takes_no_event_and_no_log_entry_away(shop: Chats) -> None:
    """There a failed transfer of events, or a missing entry of the log, was only warned of."""
    ann, bo = shop.create("Ann"), shop.create("Bo")
    note(shop, bo, "called")
    before = events(shop, ann) + events(shop, bo)
    done = merge(shop, ann, bo).merge
    after = events(shop, ann)
    assert set(before) <= set(after)
    assert {event for event in after if event[0] == "MERGED"} == {("MERGED", ann)}
    [logged] = shop.client.merges.ListMerges(pb.ListMergesRequest(customer_id=bo)).merges
    assert (logged.merge_id, logged.target_id, list(logged.source_ids)) == (done.merge_id, ann, [bo])


def test_inexact_undo_both_sides_are_as_before_with_their_conversations(shop: Chats) -> None:
    """There an undo brought the source's row back, left its conversations, and never reverted the target."""
    ann = shop.create("Ann", email="ann@example.com", tags=["vip"])
    bo = shop.create("Bo Lee", email="bo@example.com", phone="+1 202 555 0100", organization="Acme", tags=["late"])
    for customer in (ann, bo):
        shop.record(customer_id=customer)
        note(shop, customer, f"of {customer}")
    before = {customer: everything(shop, customer) for customer in (ann, bo)}
    merged = merge(shop, ann, bo)
    assert len(everything(shop, ann)["conversations"]) == 2
    undone = shop.client.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merged.merge.merge_id))
    assert {customer: everything(shop, customer) for customer in (ann, bo)} == before
    assert all(digest.before == digest.now for digest in undone.digests)


def test_cut_scans_look_at_customers_beyond_the_first_thousand(shop: Chats) -> None:
    """There a scan stopped at the first 1,000 customers."""
    others = [
        customer_pb2.Customer(name=f"Person {place} {uuid.uuid4().hex[:9]}", email=f"{uuid.uuid4().hex}@example.com")
        for place in range(OLD_LIMIT)
    ]
    last = [
        customer_pb2.Customer(name=name, email="wanda.zhu@example.com", phone="+1 415 555 0133")
        for name in ("Wanda Zhu", "Wanda M. Zhu")
    ]
    ids = import_many(shop, [*others, *last])
    assert len(ids) == OLD_LIMIT + 2
    assert set(ids[-2:]) in group_ids(shop)


def test_star_shaped_groups_who_belong_together_are_one_group_whoever_comes_first(shop: Chats) -> None:
    """There a group was the first record and what resembled it; what resembled only another member was left out."""
    first, middle, last = (
        customer_pb2.Customer(name="Zelma Quist", email="zelma@quist.example", phone="+1 415 555 0177"),
        customer_pb2.Customer(name="Zelma B Quist", email="zelma@quist.example", phone="+1 212 555 0188"),
        customer_pb2.Customer(name="Zelma Quist", email="z.quist@work.example", phone="+1 212 555 0188"),
    )
    ids = import_many(shop, [first, last, middle])
    assert group_ids(shop) == [set(ids)]


def test_single_signals_add_up_to_more_than_the_first_that_hits(shop: Chats) -> None:
    """There the first key that hit set the confidence, and what else agreed or differed counted for nothing."""
    ann = shop.create("Ann Lee", email="ann.lee@example.com", phone="+1 212 555 0147")

    def weight(**record: Any) -> float:
        asked = matching_pb.MatchRecordRequest(record=customer_pb2.Customer(**record), min_confidence=0)
        [found] = shop.client.matching.MatchRecord(asked).candidates
        assert found.customer_id == ann
        return found.score.match_weight

    email = weight(email="ann.lee@example.com")
    phone = weight(phone="+1 212 555 0147")
    both = weight(email="ann.lee@example.com", phone="+1 212 555 0147")
    assert both > max(email, phone)
    assert weight(name="Ann Lee", email="ann.lee@example.com") > email
    assert weight(name="Boris Stone", email="ann.lee@example.com") < email


def test_similar_names_are_found_by_likeness_and_not_by_equality(shop: Chats) -> None:
    """There names were looked up by equality, so that no similarity of 0.7 could ever be met."""
    born = date_pb2.Date(year=1980, month=2, day=3)
    jon, rob = shop.create("Jonathon Smyth", birth_date=born), shop.create("Robert Turner")

    def found(**record: Any) -> list[str]:
        asked = matching_pb.MatchRecordRequest(record=customer_pb2.Customer(**record), min_confidence=0)
        return [one.customer_id for one in shop.client.matching.MatchRecord(asked).candidates]

    assert found(name="Jonathan Smith", birth_date=born) == [jon]
    assert found(name="Bob Turner") == [rob]


def test_leaks_between_companies_nobody_finds_merges_or_undoes_across_them(shop: Chats, rival: Chats) -> None:
    """There duplicates were looked up by key, with no word of the company."""
    same: dict[str, Any] = {"email": "ann.lee@example.com", "phone": "+1 212 555 0147"}
    mine, theirs, other = shop.create("Ann Lee", **same), rival.create("Ann Lee", **same), rival.create("Ann", **same)
    find = matching_pb.FindDuplicatesRequest
    assert not shop.client.matching.FindDuplicates(find(customer_id=mine, min_confidence=0)).candidates
    found = rival.client.matching.FindDuplicates(find(customer_id=theirs, min_confidence=0)).candidates
    assert [one.customer_id for one in found] == [other]
    for target, source in ((mine, theirs), (theirs, mine)):
        with pytest.raises(NotFoundError):
            merge(shop, target, source)
    made = merge(rival, theirs, other).merge.merge_id
    with pytest.raises(NotFoundError):
        shop.client.merges.UndoMerge(pb.UndoMergeRequest(merge_id=made))
    assert not shop.client.merges.ListMerges(pb.ListMergesRequest()).merges
    with pytest.raises(grpc.RpcError):
        shop.client.conversations.LinkConversation(
            conversation_service_pb2.LinkConversationRequest(
                conversation_id=rival.record(customer_id=theirs).conversation_id, customer_id=mine
            )
        )


def test_overwritten_contacts_a_chat_adds_beside_what_is_known_and_never_over_it(shop: Chats) -> None:
    """There an update from a chat overwrote the stored e-mail and phone with whatever the chat said."""
    ann = shop.create("Ann B. Lee", email=ANN["customer_email"], phone="+1 415 555 0100")
    told = shop.resolved(shop.record(**ANN).conversation_id)
    assert outcome(told) == ("UPDATED", "EMAIL", 100)
    after = shop.customer(ann)
    assert (after.name, after.email, after.phone) == ("Ann B. Lee", ANN["customer_email"], "+1 415 555 0100")
    assert ANN["customer_phone"] in [point.value for point in after.contact_points]
