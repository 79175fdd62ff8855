"""Engagements: values to the cent, statuses that follow each other, conversions, jobs that block a deletion."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from google.type.money_pb2 import Money

from patronage.customers.v1 import change_feed_pb2 as feed_pb
from patronage.customers.v1 import customer_service_pb2
from patronage.customers.v1 import engagement_service_pb2 as pb
from services.customers.domain.engagement import FOLLOWING
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.served import Client, Served

LEAD, OFFER, BOOKING, JOB = (pb.EngagementKind.Value(f"ENGAGEMENT_KIND_{kind}") for kind in FOLLOWING)


def status(name: str) -> pb.EngagementStatus.ValueType:
    return pb.EngagementStatus.Value(f"ENGAGEMENT_STATUS_{name}")


def add(client: Client, customer_id: str, kind: Any = JOB, title: str = "Kitchen", **fields: Any) -> pb.Engagement:
    engagement = pb.Engagement(kind=kind, title=title, **fields)
    request = pb.CreateEngagementRequest(customer_id=customer_id, engagement=engagement)
    added: pb.Engagement = client.CreateEngagement(request).engagement
    return added


def changing(engagement: pb.Engagement, **changes: Any) -> pb.UpdateEngagementRequest:
    return pb.UpdateEngagementRequest(engagement_id=engagement.engagement_id, engagement=pb.Engagement(**changes))


def titles(client: Client, customer_id: str, **question: Any) -> list[str]:
    answer = client.ListEngagements(pb.ListEngagementsRequest(customer_id=customer_id, **question))
    return [engagement.title for engagement in answer.engagements]


def test_an_engagement_comes_back_with_its_first_status_and_its_exact_value(acme: Company, served: Served) -> None:
    client, ann = served.client(subject="bo", name="Bo"), acme.create("Ann")
    value = Money(currency_code="KES", units=999_999_999_999, nanos=990_000_000)
    added = add(client, ann, OFFER, "Küche 🍳", value=value, description="oak", scheduled_time=Timestamp(seconds=9))
    assert (added.title, added.description, added.value) == ("Küche 🍳", "oak", value)
    assert (added.status, added.created_by.subject, added.revision) == (status("DRAFT"), "bo", 1)
    assert (added.blocks_deletion, added.scheduled_time.seconds) == (False, 9)
    assert client.GetEngagement(pb.GetEngagementRequest(engagement_id=added.engagement_id)).engagement == added


@pytest.mark.parametrize(("kind", "first"), [(kind, next(iter(known))) for kind, known in FOLLOWING.items()])
def test_each_kind_begins_with_its_first_status_or_the_one_that_is_given(
    acme: Company, served: Served, kind: str, first: str
) -> None:
    client, ann, number = served.client(), acme.create("Ann"), pb.EngagementKind.Value(f"ENGAGEMENT_KIND_{kind}")
    assert add(client, ann, number).status == status(first)
    for given in FOLLOWING[kind]:
        assert add(client, ann, number, status=status(given)).status == status(given)


def test_every_wrong_field_of_an_engagement_is_named(served: Served) -> None:
    wrong = pb.Engagement(
        description="x" * 4001,
        value=Money(currency_code="XXX", units=-1, nanos=-1),
        scheduled_time=Timestamp(seconds=2**62),
        converted_from="x",
    )
    refused = served.client().refused("CreateEngagement", pb.CreateEngagementRequest(engagement=wrong))
    assert set(refused.fields) == {
        "customer_id",
        "engagement.kind",
        "engagement.title",
        "engagement.description",
        "engagement.value.currency_code",
        "engagement.value.units",
        "engagement.value.nanos",
        "engagement.scheduled_time",
        "engagement.converted_from",
    }
    wrong = pb.Engagement(kind=LEAD, title="x", status=status("SENT"), value=Money(currency_code="JPY", nanos=1))
    refused = served.client().refused("CreateEngagement", pb.CreateEngagementRequest(customer_id="x", engagement=wrong))
    assert set(refused.fields) == {"engagement.status", "engagement.value.nanos"}


@pytest.mark.parametrize("kind", FOLLOWING)
def test_a_status_follows_only_those_that_its_kind_lets_it_follow(acme: Company, served: Served, kind: str) -> None:
    client, ann, number = served.client(), acme.create("Ann"), pb.EngagementKind.Value(f"ENGAGEMENT_KIND_{kind}")
    for before, following in FOLLOWING[kind].items():
        for after in FOLLOWING[kind]:
            request = changing(add(client, ann, number, status=status(before)), status=status(after))
            if after in following or after == before:
                assert client.UpdateEngagement(request).engagement.status == status(after)
            else:
                refused = client.refused("UpdateEngagement", request)
                assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ENGAGEMENT_TRANSITION")
                assert refused.metadata == {"from": before, "to": after, "allowed": ",".join(following)}
    request = changing(add(client, ann, number), status=status("SENT" if kind != "OFFER" else "NEW"))
    assert client.refused("UpdateEngagement", request).fields == ["engagement.status"]


def test_an_update_changes_what_it_names_and_clears_what_it_names_empty(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    added = add(client, ann, description="oak", value=Money(currency_code="USD", units=5))
    changed = client.UpdateEngagement(changing(added, title="Bath", etag=added.etag)).engagement
    assert (changed.title, changed.description, changed.value.units, changed.revision) == ("Bath", "oak", 5, 2)
    assert changed.status_time == added.status_time
    assert client.refused("UpdateEngagement", changing(added, title="x", etag=added.etag)).reason == "ETAG_MISMATCH"
    request = changing(added)
    request.update_mask.paths.extend(["value", "description"])
    cleared = client.UpdateEngagement(request).engagement
    assert (cleared.HasField("value"), cleared.description) == (False, "")
    again = client.UpdateEngagement(request).engagement
    assert again == cleared
    request.update_mask.paths.extend(["title", "status"])
    assert client.refused("UpdateEngagement", request).fields == ["engagement.status", "engagement.title"]
    request.update_mask.paths.append("kind")
    assert client.refused("UpdateEngagement", request).fields == ["update_mask"]


def test_engagements_are_listed_newest_first_by_kind_and_status(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    add(client, ann, LEAD, "a")
    add(client, ann, OFFER, "b", status=status("SENT"))
    add(client, ann, JOB, "c")
    add(client, ann, OFFER, "d")
    assert titles(client, ann) == ["d", "c", "b", "a"]
    assert titles(client, ann, kinds=[OFFER, LEAD]) == ["d", "b", "a"]
    assert titles(client, ann, kinds=[OFFER], statuses=[status("SENT"), status("SCHEDULED")]) == ["b"]
    assert titles(client, ann, statuses=[status("SCHEDULED")]) == ["c"]
    page = client.ListEngagements(pb.ListEngagementsRequest(customer_id=ann, page_size=3))
    assert (len(page.engagements), page.total_size) == (3, 4)
    assert titles(client, ann, page_size=3, page_token=page.next_page_token) == ["a"]


def test_an_offer_becomes_one_job_that_was_not_given_up(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    offer = add(client, ann, OFFER, status=status("ACCEPTED"))
    job = add(client, ann, JOB, converted_from=offer.engagement_id)
    assert job.converted_from == offer.engagement_id
    got = client.GetEngagement(pb.GetEngagementRequest(engagement_id=offer.engagement_id)).engagement
    assert got.converted_to == job.engagement_id
    again = pb.Engagement(kind=JOB, title="x", converted_from=offer.engagement_id)
    request = pb.CreateEngagementRequest(customer_id=ann, engagement=again)
    refused = client.refused("CreateEngagement", request)
    assert (refused.fields, job.engagement_id in refused.message) == (["engagement.converted_from"], True)
    client.UpdateEngagement(changing(job, status=status("CANCELLED")))
    assert client.CreateEngagement(request).engagement.converted_from == offer.engagement_id


def test_an_engagement_is_made_from_one_that_comes_before_it_of_the_same_customer(
    acme: Company, other: Company, served: Served
) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    job, offer = add(client, ann), add(client, ann, OFFER)
    foreign = add(served.client("other"), other.create("Eve"), OFFER)
    for source, kind, customer in (
        (job, OFFER, ann),
        (offer, LEAD, ann),
        (offer, OFFER, ann),
        (offer, JOB, bo),
        (foreign, JOB, ann),
    ):
        engagement = pb.Engagement(kind=kind, title="x", converted_from=source.engagement_id)
        request = pb.CreateEngagementRequest(customer_id=customer, engagement=engagement)
        assert client.refused("CreateEngagement", request).fields == ["engagement.converted_from"]
    acme.merge(bo, ann)
    assert add(client, bo, JOB, converted_from=offer.engagement_id).converted_from == offer.engagement_id


def test_one_that_was_given_up_is_not_taken_up_where_its_source_became_another(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    lead = add(client, ann, LEAD)
    first = add(client, ann, OFFER, status=status("REJECTED"), converted_from=lead.engagement_id)
    second = add(client, ann, OFFER, converted_from=lead.engagement_id)
    refused = client.refused("UpdateEngagement", changing(first, status=status("SENT")))
    assert refused.fields == ["engagement.converted_from"]
    client.DeleteEngagement(pb.DeleteEngagementRequest(engagement_id=second.engagement_id))
    assert client.UpdateEngagement(changing(first, status=status("SENT"))).engagement.status == status("SENT")


def test_a_customer_with_active_jobs_is_not_deleted_and_each_is_named(acme: Company, served: Served) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    jobs = [add(client, bo, JOB, f"job {name}", status=status(name)) for name in ("SCHEDULED", "ON_HOLD")]
    assert all(job.blocks_deletion for job in jobs)
    acme.merge(ann, bo)
    request = customer_service_pb2.DeleteCustomerRequest(customer_id=ann)
    refused = client.refused("DeleteCustomer", request)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ACTIVE_JOBS")
    named = refused.detail(error_details_pb2.PreconditionFailure).violations
    assert all(job.engagement_id in one.subject for job, one in zip(jobs, named, strict=True))
    for job in jobs:
        client.UpdateEngagement(changing(job, status=status("COMPLETED")))
    assert client.DeleteCustomer(request).customer.customer_id == ann


def test_a_job_and_the_deletion_of_its_customer_at_once_do_not_both_happen(acme: Company, served: Served) -> None:
    client = served.client()
    for _ in range(6):
        ann = acme.create("Ann")
        works: list[Callable[[], object]] = [partial(add, client, ann), partial(acme.delete, ann)]
        found = at_once(*works)
        assert len(failures(found)) == 1


def test_a_deleted_engagement_is_hidden_and_blocks_nothing(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    job = add(client, ann)
    gone = client.DeleteEngagement(pb.DeleteEngagementRequest(engagement_id=job.engagement_id)).engagement
    assert (gone.HasField("delete_time"), gone.blocks_deletion) == (True, False)
    again = client.DeleteEngagement(pb.DeleteEngagementRequest(engagement_id=job.engagement_id)).engagement
    assert again == gone
    assert titles(client, ann) == []
    refused = client.refused("GetEngagement", pb.GetEngagementRequest(engagement_id=job.engagement_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "ENGAGEMENT_NOT_FOUND")
    acme.delete(ann)


def test_engagements_of_another_company_are_unknown(acme: Company, served: Served) -> None:
    job = add(served.client(), acme.create("Ann"))
    stranger = served.client("other")
    for method, request in (
        ("GetEngagement", pb.GetEngagementRequest(engagement_id=job.engagement_id)),
        ("UpdateEngagement", changing(job, title="x")),
        ("DeleteEngagement", pb.DeleteEngagementRequest(engagement_id=job.engagement_id)),
    ):
        assert stranger.refused(method, request).reason == "ENGAGEMENT_NOT_FOUND"


def test_a_repeated_request_makes_one_engagement(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    engagement = pb.Engagement(kind=JOB, title="once")
    request = pb.CreateEngagementRequest(customer_id=ann, engagement=engagement, request_id=str(uuid.uuid4()))
    assert client.CreateEngagement(request) == client.CreateEngagement(request)
    assert titles(client, ann) == ["once"]


def test_engagements_stay_with_their_origin_after_an_undo_and_change_its_digest(acme: Company, served: Served) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    job = add(client, bo, JOB, "of bo")
    merge = acme.merge(ann, bo).merge
    assert titles(client, ann) == ["of bo"]
    client.UpdateEngagement(changing(job, title="of bo still"))
    undone = acme.undo(merge.merge_id)
    assert {member for member, (then, now) in undone.digests.items() if then != now} == {bo}
    assert (titles(client, ann), titles(client, bo)) == ([], ["of bo still"])


def test_each_change_is_fed_whole_with_its_revision(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    job = add(client, ann, value=Money(currency_code="USD", units=7, nanos=250_000_000))
    client.UpdateEngagement(changing(job, status=status("COMPLETED")))
    client.DeleteEngagement(pb.DeleteEngagementRequest(engagement_id=job.engagement_id))
    with acme.admin() as connection:
        fed = connection.execute(
            "SELECT kind, revision, payload FROM feed WHERE subject = 'engagement' ORDER BY xid, seq"
        ).fetchall()
    assert [(kind, revision) for kind, revision, _ in fed] == [("ENGAGEMENT_CHANGED", number) for number in (1, 2, 3)]
    assert [(payload["value_minor"], payload["status"]) for *_, payload in fed] == [
        (725, "SCHEDULED"),
        (725, "COMPLETED"),
        (725, "COMPLETED"),
    ]
    events = acme.rows("SELECT type, data FROM events WHERE type LIKE 'engagement%%' ORDER BY event_id")
    assert [(row["type"], row["data"].get("from")) for row in events] == [
        ("engagement_added", None),
        ("engagement_changed", "SCHEDULED"),
        ("engagement_deleted", None),
    ]


def test_a_follower_gets_every_engagement_as_it_is_and_then_each_change_to_the_cent(
    acme: Company, served: Served
) -> None:
    client, ann = served.client(), acme.create("Ann")
    value = Money(currency_code="KES", units=1_000_000_000_00, nanos=10_000_000)
    offer = add(client, ann, OFFER, value=value)
    gone = add(client, ann, LEAD)
    client.DeleteEngagement(pb.DeleteEngagementRequest(engagement_id=gone.engagement_id))
    found: list[feed_pb.Change] = []
    for batch in client.FollowChanges(feed_pb.FollowChangesRequest(batch_size=1)):
        found += batch.changes
        if batch.snapshot_done:
            break
    engagements = {change.engagement.engagement_id: change for change in found if change.HasField("engagement")}
    assert engagements[offer.engagement_id].engagement == offer
    assert engagements[gone.engagement_id].engagement.HasField("delete_time")
    assert engagements[gone.engagement_id].revision == 2
    client.UpdateEngagement(changing(offer, status=status("SENT")))
    for later in client.FollowChanges(feed_pb.FollowChangesRequest(after_cursor=batch.cursor)):
        if later.changes:
            break
    [change] = later.changes
    assert (change.kind, change.revision) == (feed_pb.CHANGE_KIND_ENGAGEMENT_CHANGED, 2)
    assert (change.engagement.status, change.engagement.value) == (status("SENT"), value)
