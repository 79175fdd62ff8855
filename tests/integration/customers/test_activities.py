"""Activities: noted by people and by changes of engagements, listed by type and time."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import activity_service_pb2 as pb
from patronage.customers.v1 import engagement_service_pb2 as engagement_pb
from tests.integration.customers.company import Company
from tests.integration.customers.served import Client, Served

START = datetime(2024, 5, 1, tzinfo=UTC)


def at(hours: float) -> Timestamp:
    """Some hours after the start."""
    time = Timestamp()
    time.FromDatetime(START + timedelta(hours=hours))
    return time


def note(client: Client, customer_id: str, title: str = "Called", **fields: Any) -> pb.Activity:
    activity = pb.Activity(title=title, **{"type": pb.ACTIVITY_TYPE_CALL, **fields})
    request = pb.CreateActivityRequest(customer_id=customer_id, activity=activity)
    noted: pb.Activity = client.CreateActivity(request).activity
    return noted


def titles(client: Client, customer_id: str, **question: Any) -> list[str]:
    answer = client.ListActivities(pb.ListActivitiesRequest(customer_id=customer_id, **question))
    return [activity.title for activity in answer.activities]


def test_an_activity_has_what_it_was_given_and_its_author(acme: Company, served: Served) -> None:
    client, ann = served.client(subject="bo", name="Bo"), acme.create("Ann")
    noted = note(client, ann, "Besuch 🏠", type=pb.ACTIVITY_TYPE_MEETING, description="Küche", activity_time=at(0))
    assert (noted.title, noted.description, noted.activity_time) == ("Besuch 🏠", "Küche", at(0))
    assert (noted.author.subject, noted.automatic, noted.origin_customer_id) == ("bo", False, ann)
    assert client.GetActivity(pb.GetActivityRequest(activity_id=noted.activity_id)).activity == noted


def test_an_activity_without_a_time_is_of_now(acme: Company, served: Served) -> None:
    noted = note(served.client(), acme.create("Ann"))
    assert abs(noted.activity_time.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(minutes=1)


def test_every_wrong_field_of_an_activity_is_named(served: Served) -> None:
    wrong = pb.Activity(type=pb.ACTIVITY_TYPE_JOB, description="x" * 4001, activity_time=Timestamp(seconds=2**62))
    refused = served.client().refused("CreateActivity", pb.CreateActivityRequest(activity=wrong))
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.fields == [
        "customer_id",
        "activity.type",
        "activity.title",
        "activity.description",
        "activity.activity_time",
    ]


def test_activities_come_latest_first_by_type_and_span_of_time(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    for hour in (3, 1, 2, 5, 4):
        kind = pb.ACTIVITY_TYPE_EMAIL if hour % 2 else pb.ACTIVITY_TYPE_CALL
        note(client, ann, f"h{hour}", type=kind, activity_time=at(hour))
    assert titles(client, ann) == ["h5", "h4", "h3", "h2", "h1"]
    assert titles(client, ann, types=[pb.ACTIVITY_TYPE_EMAIL]) == ["h5", "h3", "h1"]
    assert titles(client, ann, start_time=at(2), end_time=at(4)) == ["h3", "h2"]
    assert titles(client, ann, types=[pb.ACTIVITY_TYPE_CALL], end_time=at(4)) == ["h2"]
    request = pb.ListActivitiesRequest(customer_id=ann, page_size=2)
    pages: list[list[str]] = []
    while not pages or request.page_token:
        page = client.ListActivities(request)
        pages.append([activity.title for activity in page.activities])
        request.page_token = page.next_page_token
        assert page.total_size == 5
    assert pages == [["h5", "h4"], ["h3", "h2"], ["h1"]]


def test_a_span_of_time_must_have_some_length(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    backwards = pb.ListActivitiesRequest(customer_id=ann, start_time=at(2), end_time=at(2))
    assert client.refused("ListActivities", backwards).fields == ["end_time"]
    impossible = Timestamp(seconds=2**60)
    wrong = pb.ListActivitiesRequest(customer_id=ann, start_time=impossible, end_time=impossible)
    assert client.refused("ListActivities", wrong).fields == ["start_time", "end_time"]


def test_an_update_changes_what_it_names(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    noted = note(client, ann, description="long", activity_time=at(1))
    changes = pb.Activity(title="Wrote", type=pb.ACTIVITY_TYPE_EMAIL, etag=noted.etag)
    changed = client.UpdateActivity(pb.UpdateActivityRequest(activity_id=noted.activity_id, activity=changes)).activity
    assert (changed.title, changed.type, changed.description) == ("Wrote", pb.ACTIVITY_TYPE_EMAIL, "long")
    assert changed.activity_time == at(1)
    request = pb.UpdateActivityRequest(activity_id=noted.activity_id, activity=changes)
    assert client.refused("UpdateActivity", request).reason == "ETAG_MISMATCH"
    request = pb.UpdateActivityRequest(activity_id=noted.activity_id)
    request.update_mask.paths.append("description")
    assert client.UpdateActivity(request).activity.description == ""
    request.update_mask.paths.extend(["title", "activity_time"])
    assert client.refused("UpdateActivity", request).fields == ["activity.title", "activity.activity_time"]
    request.update_mask.paths.append("happened_at")
    assert client.refused("UpdateActivity", request).fields == ["update_mask"]


def test_a_deleted_activity_is_hidden(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    noted = note(client, ann)
    for _ in range(2):
        client.DeleteActivity(pb.DeleteActivityRequest(activity_id=noted.activity_id))
    assert titles(client, ann) == []
    got = client.refused("GetActivity", pb.GetActivityRequest(activity_id=noted.activity_id))
    assert (got.code, got.reason) == (grpc.StatusCode.NOT_FOUND, "ACTIVITY_NOT_FOUND")


def test_activities_of_another_company_are_unknown(acme: Company, served: Served) -> None:
    noted = note(served.client(), acme.create("Ann"))
    stranger = served.client("other")
    for method, request in (
        ("GetActivity", pb.GetActivityRequest(activity_id=noted.activity_id)),
        ("UpdateActivity", pb.UpdateActivityRequest(activity_id=noted.activity_id, activity=pb.Activity(title="x"))),
        ("DeleteActivity", pb.DeleteActivityRequest(activity_id=noted.activity_id)),
    ):
        assert stranger.refused(method, request).reason == "ACTIVITY_NOT_FOUND"


def test_a_repeated_request_notes_one_activity(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    activity = pb.Activity(type=pb.ACTIVITY_TYPE_CALL, title="once")
    request = pb.CreateActivityRequest(customer_id=ann, activity=activity, request_id=str(uuid.uuid4()))
    assert client.CreateActivity(request) == client.CreateActivity(request)
    assert titles(client, ann) == ["once"]


def test_activities_of_a_merged_tree_show_together_and_leave_with_their_origin(acme: Company, served: Served) -> None:
    client, ann, bo, cy = served.client(), *(acme.create(name) for name in ("Ann", "Bo", "Cy"))
    for hour, customer in enumerate((ann, bo, cy)):
        note(client, customer, f"h{hour}", activity_time=at(hour))
    first, second = acme.merge(bo, cy).merge, acme.merge(ann, bo).merge
    assert titles(client, cy) == ["h2", "h1", "h0"]
    acme.undo(first.merge_id)
    assert (titles(client, bo), titles(client, cy)) == (["h1", "h0"], ["h2"])
    acme.undo(second.merge_id)
    assert (titles(client, ann), titles(client, bo)) == (["h0"], ["h1"])


def test_a_new_booking_a_finished_job_and_a_change_of_status_are_noted_by_themselves(
    acme: Company, served: Served
) -> None:
    client, ann = served.client(), acme.create("Ann")

    def add(kind: str, title: str) -> engagement_pb.Engagement:
        engagement = engagement_pb.Engagement(kind=engagement_pb.EngagementKind.Value(kind), title=title)
        request = engagement_pb.CreateEngagementRequest(customer_id=ann, engagement=engagement)
        added: engagement_pb.Engagement = client.CreateEngagement(request).engagement
        return added

    def move(engagement_id: str, status: str) -> None:
        changes = engagement_pb.Engagement(status=engagement_pb.EngagementStatus.Value(status))
        client.UpdateEngagement(engagement_pb.UpdateEngagementRequest(engagement_id=engagement_id, engagement=changes))

    add("ENGAGEMENT_KIND_BOOKING", "Visit")
    job = add("ENGAGEMENT_KIND_JOB", "Kitchen").engagement_id
    move(job, "ENGAGEMENT_STATUS_IN_PROGRESS")
    move(job, "ENGAGEMENT_STATUS_COMPLETED")
    found = client.ListActivities(pb.ListActivitiesRequest(customer_id=ann)).activities
    assert [(one.type, one.title, one.description) for one in reversed(found)] == [
        (pb.ACTIVITY_TYPE_BOOKING, "Visit", ""),
        (pb.ACTIVITY_TYPE_STATUS_CHANGE, "Kitchen", "Job: SCHEDULED to IN_PROGRESS"),
        (pb.ACTIVITY_TYPE_JOB, "Kitchen", "Job: IN_PROGRESS to COMPLETED"),
    ]
    assert all(one.automatic for one in found)
    assert {one.engagement_id for one in found if one.title == "Kitchen"} == {job}
    request = pb.UpdateActivityRequest(activity_id=found[0].activity_id, activity=pb.Activity(title="x"))
    assert client.refused("UpdateActivity", request).reason == "WRITTEN_BY_SYSTEM"


@pytest.mark.parametrize("kind", [pb.ACTIVITY_TYPE_NOTE, pb.ACTIVITY_TYPE_BOOKING, pb.ACTIVITY_TYPE_OTHER])
def test_people_note_what_the_older_system_knew(acme: Company, served: Served, kind: pb.ActivityType.ValueType) -> None:
    assert note(served.client(), acme.create("Ann"), type=kind).type == kind
