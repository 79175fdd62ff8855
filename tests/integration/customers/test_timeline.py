"""The timeline: everything in one order, by kind, type and interval, paged both ways, over a tree of merged members."""

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import activity_service_pb2 as activity_pb
from patronage.customers.v1 import conversation_pb2, conversation_service_pb2, preferences_pb2
from patronage.customers.v1 import engagement_service_pb2 as engagement_pb
from patronage.customers.v1 import timeline_pb2 as pb
from services.runtime.ids import new_id
from tests.integration.customers.company import Company
from tests.integration.customers.served import Client, Served

EVENT, MERGE, ACTIVITY, NOTE, SUMMARY, ENGAGEMENT = pb.TimelineKind.values()[1:]


def timeline(client: Client, customer_id: str, **question: Any) -> list[pb.TimelineEntry]:
    answer: pb.ListTimelineResponse = client.ListTimeline(pb.ListTimelineRequest(customer_id=customer_id, **question))
    return list(answer.entries)


def said(entries: list[pb.TimelineEntry]) -> list[str]:
    """Each entry in a word."""
    return [
        pb.EventType.Name(entry.event.type).removeprefix("EVENT_TYPE_")
        if entry.HasField("event")
        else entry.activity.title or entry.note.content or entry.engagement.title or entry.conversation_summary.summary
        for entry in entries
    ]


def act(client: Client, customer_id: str, title: str, time: datetime | None = None) -> None:
    activity = activity_pb.Activity(type=activity_pb.ACTIVITY_TYPE_CALL, title=title)
    if time is not None:
        activity.activity_time.FromDatetime(time)
    client.CreateActivity(activity_pb.CreateActivityRequest(customer_id=customer_id, activity=activity))


def stamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


def everything(client: Client, acme: Company) -> tuple[str, str]:
    """A tree of two with something of every kind."""
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.note(ann, "a note")
    act(client, bo, "a call")
    engagement = engagement_pb.Engagement(kind=engagement_pb.ENGAGEMENT_KIND_OFFER, title="an offer")
    client.CreateEngagement(engagement_pb.CreateEngagementRequest(customer_id=bo, engagement=engagement))
    conversation = conversation_pb2.Conversation(session_id="s1")
    conversation.interactions.add(user_input="hello", ai_response="hi")
    recording = conversation_service_pb2.RecordConversationRequest(conversation=conversation, customer_id=bo)
    recorded = client.RecordConversation(recording).conversation
    summing = conversation_service_pb2.SummarizeConversationRequest(
        conversation_id=recorded.conversation_id, summary="a summary"
    )
    client.SummarizeConversation(summing)
    acme.merge(ann, bo)
    return ann, bo


def test_the_timeline_shows_every_kind_in_one_order_the_latest_first(acme: Company, served: Served) -> None:
    client = served.client()
    ann, bo = everything(client, acme)
    entries = timeline(client, bo, page_size=100)
    assert {entry.kind for entry in entries} == {EVENT, MERGE, ACTIVITY, NOTE, SUMMARY, ENGAGEMENT}
    assert {"a note", "a call", "an offer", "a summary", "CREATED", "NOTE_ADDED"} <= set(said(entries))
    assert said(entries)[0] == "MERGED"
    assert [entry.time.ToNanoseconds() for entry in entries] == sorted(
        (entry.time.ToNanoseconds() for entry in entries), reverse=True
    )
    assert {entry.origin_customer_id for entry in entries} == {ann, bo}
    assert timeline(client, ann, page_size=100) == entries
    assert timeline(client, ann, page_size=100, ascending=True) == list(reversed(entries))


def test_a_merge_of_two_members_is_shown_once_and_after_an_undo_on_each_side(acme: Company, served: Served) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    merge = acme.merge(ann, bo).merge
    [merged] = timeline(client, ann, kinds=[MERGE])
    assert (merged.origin_customer_id, merged.event.data["merge_id"]) == (ann, merge.merge_id)
    acme.undo(merge.merge_id)
    for one in (ann, bo):
        assert said(timeline(client, one, kinds=[MERGE])) == ["MERGE_UNDONE", "MERGED"]


def test_children_leave_the_timeline_with_their_origin(acme: Company, served: Served) -> None:
    client, ann, bo, cy = served.client(), *(acme.create(name) for name in ("Ann", "Bo", "Cy"))
    merges = [acme.merge(bo, cy).merge, acme.merge(ann, bo).merge]
    for one in (ann, bo, cy):
        acme.note(one, f"of {one}")
    acme.undo(merges[0].merge_id)
    assert said(timeline(client, cy, kinds=[NOTE])) == [f"of {cy}"]
    assert set(said(timeline(client, ann, kinds=[NOTE]))) == {f"of {ann}", f"of {bo}"}


def test_an_opt_out_of_a_tree_is_shown_once(acme: Company, served: Served) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    merge = acme.merge(ann, bo).merge
    wanted = preferences_pb2.Preferences(do_not_contact=True)
    client.UpdatePreferences(preferences_pb2.UpdatePreferencesRequest(customer_id=ann, preferences=wanted))
    consent = [pb.EVENT_TYPE_CONSENT_CHANGED]
    [told] = timeline(client, ann, event_types=consent)
    assert (told.event.data["permission"], told.event.data["value"]) == ("do_not_contact", True)
    acme.undo(merge.merge_id)
    assert len(timeline(client, bo, event_types=consent)) == 1


def test_kinds_types_and_intervals_narrow_it_down(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    start = datetime(2024, 5, 1, tzinfo=UTC)
    for hour in range(4):
        act(client, ann, f"h{hour}", start + timedelta(hours=hour))
    acme.update(ann, tags=["x"])
    acme.note(ann)
    assert said(timeline(client, ann, kinds=[ACTIVITY])) == ["h3", "h2", "h1", "h0"]
    types = [pb.EVENT_TYPE_TAGS_ADDED, pb.EVENT_TYPE_CREATED]
    assert said(timeline(client, ann, event_types=types)) == ["TAGS_ADDED", "CREATED"]
    assert said(timeline(client, ann, kinds=[MERGE], event_types=types)) == []
    assert said(timeline(client, ann, kinds=[NOTE, EVENT], event_types=types)) == ["called", "TAGS_ADDED", "CREATED"]
    span = {"start_time": stamp(start + timedelta(hours=1)), "end_time": stamp(start + timedelta(hours=3))}
    assert said(timeline(client, ann, **span)) == ["h2", "h1"]
    assert said(timeline(client, ann, ascending=True, **span)) == ["h1", "h2"]


@pytest.mark.parametrize("ascending", [False, True])
def test_pages_join_without_gaps_or_doubles_on_the_way_there_and_back(
    acme: Company, served: Served, ascending: bool
) -> None:
    client = served.client()
    ann, _ = everything(client, acme)
    same = datetime(2024, 5, 1, tzinfo=UTC)
    for number in range(7):
        act(client, ann, f"at once {number}", same)
    whole = timeline(client, ann, page_size=1000, ascending=ascending)
    request = pb.ListTimelineRequest(customer_id=ann, page_size=3, ascending=ascending)
    there = [client.ListTimeline(request)]
    assert there[0].previous_page_token == ""
    while there[-1].next_page_token:
        request.page_token = there[-1].next_page_token
        there.append(client.ListTimeline(request))
    assert [entry for page in there for entry in page.entries] == whole
    back = [there[-1]]
    while back[-1].previous_page_token:
        request.page_token = back[-1].previous_page_token
        back.append(client.ListTimeline(request))
    assert [list(page.entries) for page in reversed(back)] == [list(page.entries) for page in there]
    assert {(page.total_size, page.total_size_estimated) for page in there} == {(len(whole), False)}


def test_it_says_how_many_there_are_and_from_when_to_when(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    start = datetime(2024, 5, 1, tzinfo=UTC)
    for hour in range(3):
        act(client, ann, f"h{hour}", start + timedelta(hours=hour))
    answer = client.ListTimeline(pb.ListTimelineRequest(customer_id=ann, kinds=[ACTIVITY], page_size=1))
    assert (answer.total_size, answer.earliest_time, answer.latest_time) == (
        3,
        stamp(start),
        stamp(start + timedelta(hours=2)),
    )
    empty = client.ListTimeline(pb.ListTimelineRequest(customer_id=ann, kinds=[NOTE]))
    assert (empty.total_size, empty.HasField("earliest_time"), empty.next_page_token) == (0, False, "")


def test_deleted_children_are_not_shown_and_their_deletion_is(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    act(client, ann, "a call")
    [entry] = timeline(client, ann, kinds=[ACTIVITY])
    client.DeleteActivity(activity_pb.DeleteActivityRequest(activity_id=entry.activity.activity_id))
    assert said(timeline(client, ann)) == ["ACTIVITY_DELETED", "ACTIVITY_ADDED", "CREATED"]


def test_every_type_of_event_that_is_written_is_in_the_contract(acme: Company, served: Served) -> None:
    client = served.client()
    ann, _ = everything(client, acme)
    acme.update(ann, name="Anne", tags=["x"], lifecycle_stage="LEAD")
    acme.update(ann, tags=[])
    entries = timeline(client, ann, page_size=1000)
    assert "UNSPECIFIED" not in said(entries)
    types = {row["type"].upper() for row in acme.rows("SELECT DISTINCT type FROM events")}
    assert types <= {name.removeprefix("EVENT_TYPE_") for name in pb.EventType.keys()}  # noqa: SIM118
    assert len(types) > 8


def test_a_wrong_question_names_each_wrong_field(acme: Company, served: Served) -> None:
    client, ann, now = served.client(), acme.create("Ann"), stamp(datetime.now(UTC))
    wrong = pb.ListTimelineRequest(page_size=-1, start_time=now, end_time=now)
    assert client.refused("ListTimeline", wrong).fields == ["customer_id", "page_size", "end_time"]
    for field in ("kinds", "event_types"):
        unknown = pb.ListTimelineRequest(customer_id=ann)
        getattr(unknown, field).append(99)
        assert client.refused("ListTimeline", unknown).fields == [field]
    assert client.refused("ListTimeline", pb.ListTimelineRequest(customer_id=ann, page_token="x")).fields == [
        "page_token"
    ]
    acme.note(ann)
    token = client.ListTimeline(pb.ListTimelineRequest(customer_id=ann, page_size=1)).next_page_token
    other = pb.ListTimelineRequest(customer_id=ann, page_token=token, ascending=True)
    assert client.refused("ListTimeline", other).reason == "PAGE_TOKEN_MISMATCH"


def test_nobody_sees_the_timeline_of_another_company_or_of_a_deleted_customer(acme: Company, served: Served) -> None:
    ann = acme.create("Ann")
    for client, customer in ((served.client("other"), ann), (served.client(), new_id()), (served.client(), "x")):
        refused = client.refused("ListTimeline", pb.ListTimelineRequest(customer_id=customer))
        assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND")
    acme.delete(ann)
    refused = served.client().refused("ListTimeline", pb.ListTimelineRequest(customer_id=ann))
    assert refused.reason == "CUSTOMER_DELETED"
