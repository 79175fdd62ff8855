"""Conversations find their customer by themselves and on request, on real services."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import customer_service_pb2 as records
from patronage.matching.v1 import merge_service_pb2 as merge
from patronage.matching.v1 import review_queue_pb2 as queue
from patronage.matching.v1 import review_service_pb2 as review
from services.local.suite import Suite
from tests.faults.company import until
from tests.system.chatting import ANN, BOB, Chats, outcome

MATCHING = "matching"


@pytest.fixture
def chats(suite: Suite) -> Iterator[Chats]:
    made = Chats(suite)
    yield made
    made.close()


def metrics_of(chats: Chats, customer_id: str) -> int:
    request = records.GetCustomerRequest(customer_id=customer_id, view=records.CUSTOMER_VIEW_WITH_METRICS)
    return chats.client.customers.GetCustomer(request).conversation_metrics.total_conversations


def test_the_nine_steps_of_a_chat(chats: Chats) -> None:
    """A92: stored, synced, found or created, matched, updated if there, else created, linked, counted, audited."""
    first = chats.record(customer_name=ANN["customer_name"], customer_email=ANN["customer_email"])  # 1: it is stored
    assert not first.origin_customer_id
    created = chats.resolved(first.conversation_id)  # 2 and 3: by itself it is synced, which finds or creates
    assert outcome(created) == ("CREATED", "NONE", 0)  # 4: nobody matches
    (ann,) = chats.customers()  # 6: so a customer is created
    assert (ann.name, ann.email, ann.source) == ("Ann Lee", ANN["customer_email"], customer_pb2.CUSTOMER_SOURCE_CHAT)
    assert chats.conversation(first.conversation_id).origin_customer_id == ann.customer_id == created.customer_id  # 7
    assert metrics_of(chats, ann.customer_id) == 1  # 8: the figures follow

    second = chats.record(**{**ANN, "customer_email": "ANN.LEE@example.com"})
    updated = chats.resolved(second.conversation_id)
    assert outcome(updated) == ("UPDATED", "EMAIL", 100)  # 4 and 5: the same e-mail, so that one is updated
    assert list(updated.filled_fields) == ["phone"]
    (ann,) = chats.customers()
    assert (ann.name, ann.email, ann.phone) == ("Ann Lee", ANN["customer_email"], ANN["customer_phone"])
    assert metrics_of(chats, ann.customer_id) == 2

    entries = chats.audit_of(ann.customer_id)  # 9: all of it is in the audit, under the name of who did it
    tables = {entry.table_name: entry.actor.subject for entry in entries if entry.actor.subject != "developer"}
    assert tables == dict.fromkeys(["customers", "conversations"], "service:matching")
    assert {entry.actor.subject for entry in entries if entry.table_name == "interactions"} <= {"developer"}


def test_a_customer_is_made_from_a_chat(chats: Chats) -> None:
    """A98."""
    told = chats.record(**ANN, customer_address="12 Oak Street, Springfield, IL 62704")
    found = chats.resolved(told.conversation_id)
    assert outcome(found) == ("CREATED", "NONE", 0)
    made = chats.customer(found.customer_id)
    assert {point.value: point.source for point in made.contact_points} == dict.fromkeys(
        [ANN["customer_email"], ANN["customer_phone"], "12 Oak Street, Springfield, IL 62704"],
        f"conversation {told.conversation_id}",
    )


def test_what_differs_is_added_beside_and_never_written_over(chats: Chats) -> None:
    """X40."""
    ann = chats.create("Ann B. Lee", email=ANN["customer_email"], phone="+1 415 555 0100")
    found = chats.resolved(chats.record(**ANN).conversation_id)
    assert outcome(found) == ("UPDATED", "EMAIL", 100)
    assert (list(found.filled_fields), list(found.added_contact_points)) == (
        [],
        [customer_pb2.CONTACT_POINT_KIND_PHONE],
    )
    after = chats.customer(ann)
    assert (after.name, after.phone) == ("Ann B. Lee", "+1 415 555 0100")
    assert ANN["customer_phone"] in [point.value for point in after.contact_points]
    again = chats.resolved(chats.record(**ANN).conversation_id)
    assert outcome(again) == ("FOUND_EXISTING", "EMAIL", 100)
    assert chats.customer(ann).etag == after.etag


def test_a_root_takes_what_differs_whatever_merges_have_brought_until_it_is_full_itself(chats: Chats) -> None:
    ann, twin = (chats.create("Ann Lee", contact_points=emails(who, 30)) for who in ("ann", "twin"))
    asked = merge.MergeCustomersRequest(target_id=ann, source_ids=[twin], allow_unpreviewed=True)
    chats.client.merges.MergeCustomers(asked)
    new = {"customer_name": "Ann Lee", "customer_email": "ann1@many.example", "customer_phone": ANN["customer_phone"]}
    assert list(chats.resolved(chats.record(**new).conversation_id).filled_fields) == ["phone"]

    twins = [point for point in chats.customer(ann).contact_points if point.value.startswith("twin")]
    full = [*emails("ann", 50), *twins]
    request = records.UpdateCustomerRequest(customer_id=ann, customer=customer_pb2.Customer(contact_points=full))
    chats.client.customers.UpdateCustomer(request)
    other = chats.resolved(chats.record(**ANN).conversation_id)  # her phone, and one more e-mail
    assert (outcome(other)[0], other.customer_id) == ("FOUND_EXISTING", ann)
    assert ANN["customer_email"] not in [point.value for point in chats.customer(ann).contact_points]


def emails(who: str, number: int) -> list[customer_pb2.ContactPoint]:
    kind = customer_pb2.CONTACT_POINT_KIND_EMAIL
    return [customer_pb2.ContactPoint(kind=kind, value=f"{who}{place}@many.example") for place in range(number)]


def test_a_changed_email_links_the_conversation_to_the_right_customer(chats: Chats) -> None:
    """A80."""
    ann, bob = (
        chats.create("Ann Lee", email=ANN["customer_email"]),
        chats.create("Bob Stone", email="bob@stone.example"),
    )
    told = chats.record("one session", customer_name="Ann Lee", customer_email=ANN["customer_email"])
    assert chats.resolved(told.conversation_id).customer_id == ann
    chats.record("one session", **BOB)
    moved = chats.resolved(told.conversation_id)
    assert (moved.customer_id, moved.moved_from) == (bob, ann)
    assert chats.conversation(told.conversation_id).origin_customer_id == bob


def test_what_a_person_has_linked_stays_and_is_asked_about(chats: Chats) -> None:
    ann, bob = (
        chats.create("Ann Lee", email=ANN["customer_email"]),
        chats.create("Bob Stone", email="bob@stone.example"),
    )
    told = chats.record("one session", customer_id=ann, customer_name="Ann Lee")
    chats.record("one session", **BOB)
    asked = chats.resolved(told.conversation_id)
    assert outcome(asked) == ("REVIEW", "EMAIL", 100)
    assert (asked.customer_id, list(asked.candidate_ids)) == (ann, [bob])
    assert asked.review_item_id
    assert chats.conversation(told.conversation_id).origin_customer_id == ann


def test_two_conversations_of_a_new_person_at_once_make_one_customer(chats: Chats) -> None:
    chats.automatic(False)
    told = [chats.record(**ANN).conversation_id for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(chats.sync, told))
    assert sorted(outcome(one.resolution)[0] for one in done) == ["CREATED"] + ["FOUND_EXISTING"] * 5
    (ann,) = chats.customers()
    assert {one.resolution.customer_id for one in done} == {ann.customer_id}
    assert {chats.conversation(one).origin_customer_id for one in told} == {ann.customer_id}


def test_two_customers_that_match_are_a_review_until_a_person_merges_them(chats: Chats) -> None:
    """X16, A104: the duplicate was made on purpose."""
    both = {chats.create("Ann Lee", email=ANN["customer_email"]) for _ in range(2)}
    told = chats.record(**ANN).conversation_id
    asked = chats.resolved(told)
    assert outcome(asked) == ("REVIEW", "EMAIL", 100)
    assert set(asked.candidate_ids) == both
    assert not chats.conversation(told).origin_customer_id
    assert {one.customer_id for one in chats.customers()} == both
    target, source = sorted(both)
    merging = merge.MergeCustomersRequest(target_id=target, source_ids=[source], allow_unpreviewed=True)
    merge_id = chats.client.merges.MergeCustomers(merging).merge.merge_id
    logged = chats.client.merges.GetMerge(merge.GetMergeRequest(merge_id=merge_id)).merge
    assert (logged.target_id, list(logged.source_ids)) == (target, [source])
    found = chats.sync(told).resolution
    assert (outcome(found), found.customer_id) == (("UPDATED", "EMAIL", 100), target)
    assert not found.review_item_id


def test_a_call_writes_as_its_caller(chats: Chats, suite: Suite) -> None:
    chats.automatic(False)
    ann = chats.create("Ann Lee", email=ANN["customer_email"])
    clerk = Chats(suite, chats.company_id, subject="clerk")
    told = clerk.record(**ANN).conversation_id
    assert clerk.sync(told).resolution.resolved_by == "clerk"
    clerk.close()
    assert chats.conversation(told).linked_by.subject == "clerk"
    (update,) = [one for one in chats.audit_of(ann) if one.table_name == "customers" and one.action == 2]
    assert update.actor.subject == "clerk"


def item_of(chats: Chats, conversation_id: str) -> queue.ReviewItem:
    items = chats.client.reviews.ListReviewItems(
        queue.ListReviewItemsRequest(kind=queue.REVIEW_KIND_CONVERSATION)
    ).items
    [found] = [one for one in items if one.conversation_id == conversation_id]
    return found


def decide(chats: Chats, conversation_id: str, resolution: queue.Resolution.ValueType, **more: Any) -> None:
    item = item_of(chats, conversation_id)
    chats.client.reviews.ResolveReviewItem(
        queue.ResolveReviewItemRequest(item_id=item.item_id, resolution=resolution, **more)
    )


def linked_to(chats: Chats, conversation_id: str) -> str:
    return until(lambda: chats.conversation(conversation_id).origin_customer_id, "the conversation is linked") or ""


def test_a_decision_of_the_review_queue_links_the_conversation(chats: Chats) -> None:
    chats.automatic(False)
    both = sorted(chats.create("Ann Lee", email=ANN["customer_email"]) for _ in range(2))
    said, merged, apart = (chats.record(**ANN).conversation_id for _ in range(3))
    for told in (said, merged, apart):
        assert outcome(chats.sync(told).resolution) == ("REVIEW", "EMAIL", 100)
    decide(chats, said, queue.RESOLUTION_SAME, customer_ids=both[1:])
    assert linked_to(chats, said) == both[1]
    assert outcome(chats.resolved(said))[1] == "DECISION"
    decide(chats, apart, queue.RESOLUTION_DIFFERENT)
    assert outcome(chats.sync(apart).resolution)[0] == "SKIPPED"
    assert not chats.conversation(apart).origin_customer_id
    judged = chats.client.reviews.ListJudgements(review.ListJudgementsRequest()).judgements
    decide(
        chats,
        merged,
        queue.RESOLUTION_MERGE,
        target_id=both[0],
        overridden_judgement_ids=[one.judgement_id for one in judged],
    )
    assert linked_to(chats, merged) == both[0]
    assert [one.customer_id for one in chats.customers()] == both[:1]
    assert not chats.conversation(apart).origin_customer_id, "and is with none of them for good"
