"""SyncConversation and SyncOrphanedConversations: what callers are told, what is repeated, who may."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from patronage.customers.v1 import conversation_pb2, customer_pb2
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.client import PatronageError
from services.local.suite import Suite
from services.local.tokens import DEVELOPER_SCOPES
from services.runtime.ids import new_id
from tests.faults.company import until
from tests.system.chatting import ANN, BOB, Chats, outcome

PEOPLE = 12


@pytest.fixture
def chats(suite: Suite) -> Iterator[Chats]:
    """A company that resolves nothing by itself."""
    made = Chats(suite)
    made.automatic(False)
    yield made
    made.close()


def refusal(call: object, *args: object, **named: object) -> str:
    assert callable(call)
    with pytest.raises(PatronageError) as raised:
        call(*args, **named)
    return raised.value.reason


def contents(**given: Any) -> conversation_pb2.Conversation:
    return conversation_pb2.Conversation(session_id="a session", **given)


def test_the_answer_says_what_was_done_by_which_key_and_how_sure(chats: Chats) -> None:
    """A24, A25."""
    first = chats.sync(conversation=contents(**ANN))
    assert outcome(first.resolution) == ("CREATED", "NONE", 0)
    assert (first.linked, first.customer.name) == (True, "Ann Lee")
    by_phone = chats.sync(chats.record(customer_name="Anne Lee", customer_phone="(212) 555-0147").conversation_id)
    assert outcome(by_phone.resolution) == ("FOUND_EXISTING", "PHONE", 90)
    assert by_phone.customer.customer_id == first.customer.customer_id == by_phone.resolution.customer_id
    by_email = chats.sync(chats.record(**BOB, customer_phone=ANN["customer_phone"]).conversation_id)
    assert outcome(by_email.resolution) == ("REVIEW", "PHONE", 90)
    assert (by_email.linked, by_email.resolution.needs_review) == (False, True)
    assert by_email.resolution.explanation


def test_contents_are_recorded_once_and_the_same_session_only_grows(chats: Chats) -> None:
    first = chats.sync(conversation=contents(**ANN))
    again = chats.sync(conversation=contents(customer_phone="+1 415 555 0100"))
    assert again.resolution.conversation_id == first.resolution.conversation_id
    assert outcome(again.resolution) == ("UPDATED", "EMAIL", 100)
    assert list(again.resolution.added_contact_points) == [customer_pb2.CONTACT_POINT_KIND_PHONE]


def test_a_dry_run_of_contents_records_nothing(chats: Chats) -> None:
    tried = chats.sync(conversation=contents(**ANN), dry_run=True)
    assert outcome(tried.resolution) == ("CREATED", "NONE", 0)
    assert (tried.resolution.conversation_id, tried.change_token, chats.customers()) == ("", "", [])
    recorded = chats.record("a session", customer_name="Ann Lee")
    tried = chats.sync(conversation=contents(customer_email=ANN["customer_email"]), dry_run=True)
    assert tried.resolution.conversation_id == recorded.conversation_id
    assert not chats.conversation(recorded.conversation_id).customer_email


def test_the_same_request_answers_the_same_and_other_content_is_refused(chats: Chats) -> None:
    told, request_id = chats.record(**ANN).conversation_id, new_id()
    first = chats.sync(told, request_id=request_id)
    assert chats.sync(told, request_id=request_id) == first
    assert outcome(chats.sync(told).resolution) == ("FOUND_EXISTING", "EMAIL", 100)
    other = chats.record(**BOB).conversation_id
    assert refusal(chats.sync, other, request_id=request_id) == "REQUEST_ID_REUSED"
    assert not chats.conversation(other).origin_customer_id


def test_a_token_that_may_not_write_customers_may_only_try(chats: Chats, suite: Suite) -> None:
    told = chats.record(**ANN).conversation_id
    reader = Chats(suite, chats.company_id, scopes=DEVELOPER_SCOPES - {"customers:write"})
    assert refusal(reader.sync, told) == "SCOPE_MISSING"
    assert refusal(reader.sync_orphans) == "SCOPE_MISSING"
    assert outcome(reader.sync(told, dry_run=True).resolution) == ("CREATED", "NONE", 0)
    reader.close()


def test_what_is_asked_for_badly_is_named(chats: Chats) -> None:
    assert refusal(chats.sync) == "FIELDS_INVALID"
    assert refusal(chats.sync, new_id()) == "CONVERSATION_NOT_FOUND"
    assert refusal(chats.known, new_id()) == "CONVERSATION_NOT_FOUND"
    assert refusal(chats.sync_orphans, batch_size=501) == "FIELDS_INVALID"
    assert refusal(chats.automatic, True, etag="old") == "ETAG_MISMATCH"


def test_all_orphans_find_their_customers_and_each_has_an_outcome(chats: Chats) -> None:
    """A31."""
    ann = chats.create("Ann Lee", email=ANN["customer_email"])
    told = {
        "UPDATED": chats.record(**ANN),
        "CREATED": chats.record(**BOB),
        "FOUND_EXISTING": chats.record(**ANN),
        "SKIPPED": chats.record(customer_email="nobody@example.com"),
        "REVIEW": chats.record(
            customer_name="Cy", customer_email=ANN["customer_email"], customer_phone="+1 415 555 0100"
        ),
    }
    chats.create("Dee", phone="+1 415 555 0100")
    linked = chats.record(customer_id=ann)
    parts = chats.sync_orphans(batch_size=2)
    assert len(parts) == 3
    found = {one.conversation_id: outcome(one)[0] for part in parts for one in part.resolutions}
    expected = {one.conversation_id: name for name, one in told.items()}
    # Which of the two of one person comes first, and so updates, is not said.
    alike = {"UPDATED", "FOUND_EXISTING"}
    assert {name: found[name] in alike if expected[name] in alike else found[name] for name in found} == {
        name: True if expected[name] in alike else expected[name] for name in expected
    }
    assert linked.conversation_id not in found
    counts = parts[-1].counts
    assert (counts.total, counts.created, counts.review, counts.skipped) == (5, 1, 1, 1)
    assert (counts.updated + counts.found_existing, parts[-1].resume_token) == (2, "")
    again = chats.sync_orphans()
    assert {one.conversation_id for part in again for one in part.resolutions} == {
        told["SKIPPED"].conversation_id,
        told["REVIEW"].conversation_id,
    }


@pytest.mark.parametrize("by", ["resume_token", "request_id"])
def test_the_rest_of_the_orphans_is_done_where_a_call_broke_off(chats: Chats, by: str) -> None:
    told = [chats.record(customer_name=f"P {n}", customer_email=f"p{n}@example.com") for n in range(PEOPLE)]
    request_id = new_id() if by == "request_id" else ""
    asked = pb.SyncOrphanedConversationsRequest(batch_size=5, request_id=request_id)
    call = chats.client.matching.SyncOrphanedConversations(asked, timeout=60)
    first = next(iter(call))
    call.cancel()
    token = first.resume_token if by == "resume_token" else ""
    rest = chats.sync_orphans(batch_size=5, request_id=request_id, resume_token=token)
    if by == "request_id":
        assert rest[0] == first, "what was done is answered as before"
        rest = rest[1:]
    done = [one.conversation_id for part in (first, *rest) for one in part.resolutions]
    # By resume_token those that the first call was at when it broke off are told by ListConversationResolutions alone.
    assert len(done) == len({*done})
    assert {*done} <= {one.conversation_id for one in told}
    assert by == "resume_token" or len(done) == PEOPLE
    asked_for = {"resolved_by_request_id": request_id.upper()} if request_id else {}

    def all_listed() -> list[pb.ConversationResolution]:
        """What became of all; the call that broke off may yet be about to write what it was at."""
        listed = chats.listed(page_size=5, **asked_for)
        return listed if {one.conversation_id for one in listed} == {one.conversation_id for one in told} else []

    listed = until(all_listed, "what became of all is listed")
    assert len(listed) == PEOPLE, "once of each"
    assert all(one.customer_id and one.request_id == request_id for one in listed)
    assert len(chats.customers()) == PEOPLE
    assert all(chats.conversation(one.conversation_id).origin_customer_id for one in told)


def test_orphans_are_bounded_and_tried(chats: Chats) -> None:
    told = [chats.record(customer_name=f"P {n}", customer_email=f"p{n}@example.com") for n in range(3)]
    tried = chats.sync_orphans(dry_run=True)
    assert tried[-1].counts.created == 3
    assert chats.customers() == []
    (part,) = chats.sync_orphans(limit=2)
    assert (part.counts.total, bool(part.resume_token)) == (2, True)
    assert sorted(bool(chats.conversation(one.conversation_id).origin_customer_id) for one in told) == [
        False,
        True,
        True,
    ]


def test_figures_say_how_many_had_which_outcome(chats: Chats) -> None:
    for given in (ANN, ANN, BOB, {"customer_email": "x@example.com"}):
        chats.sync(chats.record(**given).conversation_id)
    stats = chats.client.matching.GetConversationResolutionStats(pb.GetConversationResolutionStatsRequest())
    counts = stats.counts
    assert (counts.total, counts.created, counts.found_existing, counts.skipped) == (4, 2, 1, 1)
    assert (stats.pending, stats.parked, stats.refused) == (0, 0, 0)


def test_the_policy_keeps_what_is_not_said(chats: Chats) -> None:
    asked = pb.SetConversationPolicyRequest(name_only=pb.NAME_ONLY_ACTION_SKIP)
    chats.client.matching.SetConversationPolicy(asked)
    found = chats.client.matching.GetConversationPolicy(pb.GetConversationPolicyRequest())
    assert (found.policy.automatic, found.policy.name_only) == (False, pb.NAME_ONLY_ACTION_SKIP)
    assert found.policy.updated_by == "developer"
    assert outcome(chats.sync(chats.record(customer_name="Ann").conversation_id).resolution) == (
        "SKIPPED",
        "NAME_ONLY",
        0,
    )
    chats.automatic(True, etag=found.etag)


def test_outcomes_are_listed_by_what_became_of_them_and_when(chats: Chats) -> None:
    ann, silent = (chats.record(**given).conversation_id for given in (ANN, {"customer_email": "x@example.com"}))
    request_id = new_id()
    first, second = chats.sync(ann, request_id=request_id).resolution, chats.sync(silent).resolution
    assert chats.listed(page_size=1) == [first, second], "the earliest first"
    assert chats.listed(outcome=pb.RESOLUTION_OUTCOME_SKIPPED) == [second]
    assert chats.listed(resolved_before=second.resolve_time) == [first]
    assert chats.listed(resolved_from=second.resolve_time) == [second]
    assert chats.listed(resolved_by_request_id=request_id) == [first]
    assert chats.listed(resolved_by_request_id=new_id()) == []
    again = chats.sync(ann).resolution
    assert chats.listed(page_size=1) == [second, again], "of each its last one"
    assert refusal(chats.listed, resolved_by_request_id="x") == "FIELDS_INVALID"
    assert refusal(chats.listed, outcome=77) == "FIELDS_INVALID"
    assert refusal(chats.listed, page_token="x") == "FIELDS_INVALID"


def test_a_token_whose_time_is_written_otherwise_is_read_or_refused(chats: Chats) -> None:
    for name in "ab":
        chats.sync(chats.record(customer_email=f"{name}@example.com").conversation_id)
    asked = pb.ListConversationResolutionsRequest(page_size=1)
    token = chats.client.matching.ListConversationResolutions(asked).next_page_token
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    head, (_, last) = raw[:10], json.loads(raw[10:])
    for time, said in (("2026-W01-1T00:00:00+00:00", 2), ("0001-01-01T00:00:00+23:59", "FIELDS_INVALID")):
        made = base64.urlsafe_b64encode(head + json.dumps([time, last]).encode()).decode().rstrip("=")
        found = len(chats.listed(page_size=1, page_token=made)) if said == 2 else None
        assert found == said or refusal(chats.listed, page_size=1, page_token=made) == said


def test_a_dry_run_of_contents_is_refused_where_they_could_not_be_recorded(chats: Chats) -> None:
    chats.record("a session", customer_name="Ann Lee")
    other_words = contents(interactions=[conversation_pb2.Interaction(interaction_number=1, user_input="Other words")])
    for wrong in (contents(customer_email="x" * 321), contents(customer_name="a\0b"), other_words):
        tried = refusal(chats.sync, conversation=wrong, dry_run=True)
        assert tried == refusal(chats.sync, conversation=wrong) != "INTERNAL"
