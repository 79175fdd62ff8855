"""Customers that were merged, through all three services: what shows where, and what a merge says of itself."""

import uuid
from collections.abc import Iterator

import grpc
import pytest

from patronage.customers.v1 import (
    conversation_pb2,
    conversation_service_pb2,
    customer_pb2,
    listing_pb2,
    note_service_pb2,
    timeline_pb2,
)
from patronage.customers.v1 import customer_service_pb2 as customers
from patronage.matching.v1 import merge_service_pb2 as pb
from services.local.suite import Suite
from tests.faults.company import Company, company_of, reason_of
from tests.system.merging import create, merge, shown


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"merged-{uuid.uuid4()}") as made:
        yield made


def test_after_a_merge_conversations_and_events_show_under_the_target_and_the_source_is_hidden(
    company: Company,
) -> None:
    ann = create(company, "Ann", email="ann@example.com", tags=["gold"])
    bo = create(company, "Bo", email="bo@example.com", phone="+1 202 555 0100", tags=["late"])
    talk = conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
    company.talks.RecordConversation(
        conversation_service_pb2.RecordConversationRequest(conversation=talk, customer_id=bo)
    )
    note = note_service_pb2.Note(content="called")
    company.notes.CreateNote(note_service_pb2.CreateNoteRequest(customer_id=bo, note=note))
    merged = merge(company, ann, bo, reason="one person")
    [found] = company.talks.ListConversations(
        conversation_service_pb2.ListConversationsRequest(customer_id=ann)
    ).conversations
    assert found.origin_customer_id == bo
    entries = company.customers.ListTimeline(timeline_pb2.ListTimelineRequest(customer_id=ann)).entries
    assert bo in {entry.origin_customer_id for entry in entries}
    target = merged.target
    assert sorted(target.tags) == ["gold", "late"]
    assert {point.value for point in target.contact_points} >= {"ann@example.com", "bo@example.com"}
    assert (target.email, target.phone) == ("ann@example.com", "+1 202 555 0100")
    listed = company.customers.ListCustomers(listing_pb2.ListCustomersRequest()).customers
    assert [one.customer_id for one in listed] == [ann]
    [entry] = company.merges.ListMerges(pb.ListMergesRequest(customer_id=ann)).merges
    assert (entry.merge_id, entry.reason, list(entry.source_ids)) == (merged.merge.merge_id, "one person", [bo])


def test_the_answer_of_a_merge_has_the_customer_the_log_entry_and_the_counts(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    for _ in range(2):
        talk = conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
        company.talks.RecordConversation(
            conversation_service_pb2.RecordConversationRequest(conversation=talk, customer_id=bo)
        )
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo]))
    request_id = str(uuid.uuid4())
    merged = merge(company, ann, bo, request_id=request_id)
    moves = {one.kind: one.count for one in merged.merge.moves}
    assert (merged.target.customer_id, moves["conversations"]) == (ann, 2)
    assert moves["events"] > 0
    assert list(merged.merge.moves) == list(seen.moves)
    assert company.merges.GetMerge(pb.GetMergeRequest(merge_id=merged.merge.merge_id)).merge == merged.merge
    assert merge(company, ann, bo, request_id=request_id).merge == merged.merge, "a retry has the first counts"


def test_a_duplicate_that_was_made_on_purpose_is_merged(company: Company) -> None:
    ann, twin = (create(company, "Ann", email="ann@example.com") for _ in range(2))
    refused = customers.CreateCustomerRequest(customer=customer_pb2.Customer(name="Ann", email="ann@example.com"))
    with pytest.raises(grpc.RpcError) as duplicate:
        company.customers.CreateCustomer(refused)
    assert reason_of(duplicate.value) == "DUPLICATE_CUSTOMER"
    merged = merge(company, ann, twin).target
    assert [point.value for point in merged.contact_points] == ["ann@example.com"]


def test_the_log_shows_what_was_before_and_after_a_merge_also_when_all_has_changed_since(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo", organization="Acme")
    before = [shown(company, customer_id) for customer_id in (ann, bo)]
    merged = merge(company, ann, bo)
    customer = customer_pb2.Customer(name="Anna")
    company.customers.UpdateCustomer(customers.UpdateCustomerRequest(customer_id=ann, customer=customer))
    company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merged.merge.merge_id))
    asked = pb.GetMergeRequest(merge_id=merged.merge.merge_id, include_snapshot=True)
    found = company.merges.GetMerge(asked)
    assert (list(found.snapshot.before), found.snapshot.after) == (before, merged.target)
    [organization] = [one for one in found.fields if one.field == "organization"]
    assert (organization.outcome.string_value, organization.origin_customer_id) == ("Acme", bo)
    assert not company.merges.GetMerge(pb.GetMergeRequest(merge_id=merged.merge.merge_id)).HasField("snapshot")
