"""ConversationService over the wire: messages, scopes, repeated requests, refusals."""

from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import conversation_batch_pb2 as batch
from patronage.customers.v1 import conversation_pb2 as things
from patronage.customers.v1 import conversation_service_pb2 as pb
from patronage.customers.v1 import conversation_service_pb2_grpc as grpc_pb
from patronage.customers.v1 import customer_pb2, customer_service_pb2, merge_storage_service_pb2, note_service_pb2
from tests.integration.customers.conversing import minute
from tests.integration.customers.served import Client, Refusal, Served, refusal

FIRST = "01a1fc61-4b0b-7ca2-904a-26cb4c0c72a1"


class Talk:
    """The stub of the service with one caller's token."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._stub = grpc_pb.ConversationServiceStub(client.channel)

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._stub, method)
        metadata = (("authorization", f"Bearer {self.client.token}"),)
        return lambda request: call(request, metadata=metadata, timeout=60)

    def refused(self, method: str, request: Any) -> Refusal:
        with pytest.raises(grpc.RpcError) as raised:
            getattr(self, method)(request)
        return refusal(raised.value)


@pytest.fixture
def talk(served: Served) -> Talk:
    return Talk(served.client())


def conversation(session: str = "s", *said: str, **more: Any) -> things.Conversation:
    turns = [things.Interaction(user_input=words, interaction_time=stamp(place)) for place, words in enumerate(said, 1)]
    return things.Conversation(session_id=session, interactions=turns, **more)


def stamp(number: int) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(minute(number))
    return message


def created(client: Client, name: str) -> str:
    request = customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name=name))
    found: str = client.CreateCustomer(request).customer.customer_id
    return found


def recorded(talk: Talk, session: str = "s", *said: str, customer: str = "", **more: Any) -> things.Conversation:
    request = pb.RecordConversationRequest(conversation=conversation(session, *said, **more), customer_id=customer)
    found: things.Conversation = talk.RecordConversation(request).conversation
    return found


def test_a_conversation_comes_back_as_it_was_recorded(talk: Talk) -> None:
    ann = created(talk.client, "Ann")
    request = pb.RecordConversationRequest(
        conversation=conversation("s", "hello", "price?", customer_name="Ann", user_id="u"), customer_id=ann
    )
    answer = talk.RecordConversation(request)
    found = talk.GetConversation(pb.GetConversationRequest(session_id="s")).conversation
    assert found == answer.conversation
    assert (answer.created, bool(answer.change_token)) == (True, True)
    assert [turn.user_input for turn in found.interactions] == ["hello", "price?"]
    assert (found.interaction_count, found.average_interaction_length) == (2, 5.5)
    assert (found.start_time, found.last_interaction_time) == (stamp(1), stamp(2))
    assert (found.origin_customer_id, found.link_source) == (ann, things.LINK_SOURCE_AUTO_SYNC)
    assert (found.created_by.name, found.revision, found.deleted) == ("Ann", 1, False)


def test_a_repeated_request_answers_as_the_first_time(talk: Talk) -> None:
    first = recorded(talk)
    request = pb.AppendToConversationRequest(
        conversation_id=first.conversation_id, interactions=[things.Interaction(user_input="hi")], request_id=FIRST
    )
    once, again = talk.AppendToConversation(request), talk.AppendToConversation(request)
    assert once == again
    assert once.conversation.interaction_count == 1
    request.interactions[0].user_input = "ho"
    assert talk.refused("AppendToConversation", request).reason == "REQUEST_ID_REUSED"


def test_every_bad_field_is_named_at_once(talk: Talk) -> None:
    request = pb.RecordConversationRequest(conversation=conversation("", "x" * 20_001), link_source=99)  # type: ignore[arg-type]
    request.conversation.start_time.seconds = 2**60
    request.conversation.interactions[0].interaction_time.nanos = -1
    refused = talk.refused("RecordConversation", request)
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.fields == [
        "conversation.start_time",
        "conversation.interactions[0].interaction_time",
        "conversation.session_id",
        "conversation.interactions[0].user_input",
        "link_source",
        "link_source",
    ]


def test_links_lists_and_summaries_are_sent(talk: Talk) -> None:
    ann = created(talk.client, "Ann")
    one, two = recorded(talk, "one", "hi"), recorded(talk, "two", "what is the price", start_time=stamp(0))
    orphans = talk.ListOrphanedConversations(pb.ListOrphanedConversationsRequest(include_interactions=True))
    assert [item.session_id for item in orphans.conversations] == ["one", "two"]
    assert orphans.conversations[0] == one
    linked = talk.LinkConversation(
        pb.LinkConversationRequest(conversation_id=two.conversation_id, customer_id=ann, etag=two.etag)
    ).conversation
    assert (linked.link_source, linked.linked_by.subject) == (things.LINK_SOURCE_MANUAL, "ann")
    assert (linked.revision, list(linked.interactions), linked.etag == two.etag) == (2, [], False)
    summarized = talk.SummarizeConversation(pb.SummarizeConversationRequest(conversation_id=two.conversation_id))
    assert list(summarized.conversation.topics) == ["pricing"]
    [summary] = talk.ListConversationSummaries(pb.ListConversationSummariesRequest(customer_id=ann)).summaries
    assert (summary.session_id, summary.interaction_count, list(summary.topics)) == ("two", 1, ["pricing"])
    assert (summary.summary, summary.update_time) == (
        summarized.conversation.summary,
        summarized.conversation.summary_time,
    )
    page = talk.ListConversations(pb.ListConversationsRequest(customer_id=ann))
    assert [item.session_id for item in page.conversations] == ["two"]
    assert not page.conversations[0].interactions
    unlinked = talk.UnlinkConversation(pb.UnlinkConversationRequest(conversation_id=two.conversation_id)).conversation
    assert (unlinked.origin_customer_id, unlinked.HasField("link_time"), unlinked.link_source) == ("", False, 0)
    assert talk.DeleteConversation(pb.DeleteConversationRequest(conversation_id=one.conversation_id)).change_token


def test_a_customer_is_read_with_its_figures_where_that_is_asked_for(talk: Talk) -> None:
    ann, bo = created(talk.client, "Ann"), created(talk.client, "Bo")
    recorded(talk, "s", "four", "sixsix", customer=bo)
    talk.client.ApplyMerge(merge_storage_service_pb2.ApplyMergeRequest(merge_id=FIRST, target_id=ann, source_ids=[bo]))
    request = customer_service_pb2.GetCustomerRequest(customer_id=bo)
    assert not talk.client.GetCustomer(request).HasField("conversation_metrics")
    request.view = customer_service_pb2.CUSTOMER_VIEW_WITH_METRICS
    found = talk.client.GetCustomer(request)
    metrics = found.conversation_metrics
    assert (metrics.total_conversations, metrics.total_interactions, metrics.average_interaction_length) == (1, 2, 5.0)
    assert (metrics.first_interaction_time, metrics.last_interaction_time) == (stamp(1), stamp(2))
    assert (found.customer.customer_id, found.merged_from, found.views.view_count) == (ann, bo, 0)
    answer = talk.GetConversationMetrics(pb.GetConversationMetricsRequest(customer_id=bo))
    assert (answer.customer_id, answer.metrics) == (ann, metrics)
    verified = talk.VerifyConversationMetrics(pb.VerifyConversationMetricsRequest())
    assert (verified.checked, list(verified.drifts)) == (2, [])
    request.view = 7  # type: ignore[assignment]
    assert talk.client.refused("GetCustomer", request).fields == ["view"]


def test_a_summary_becomes_a_note_of_the_systems_that_follows_the_summary(talk: Talk) -> None:
    ann = created(talk.client, "Ann")
    told = recorded(talk, "s", "my invoice is wrong", customer=ann)

    def summarize(text: str) -> str:
        request = pb.SummarizeConversationRequest(conversation_id=told.conversation_id, summary=text, write_note=True)
        found: str = talk.SummarizeConversation(request).note_id
        return found

    first = summarize("An invoice is wrong.")
    assert summarize("An invoice was wrong.") == first
    [note] = talk.client.ListNotes(note_service_pb2.ListNotesRequest(customer_id=ann)).notes
    assert (note.note_id, note.content, note.author.subject) == (first, "An invoice was wrong.", "system")
    talk.UnlinkConversation(pb.UnlinkConversationRequest(conversation_id=told.conversation_id))
    refused = talk.refused(
        "SummarizeConversation", pb.SummarizeConversationRequest(conversation_id=told.conversation_id, write_note=True)
    )
    assert refused.reason == "CONVERSATION_ORPHANED"


def test_refusals_say_what_is_true(talk: Talk) -> None:
    told = recorded(talk, "s", "hi")
    cases: list[tuple[str, Any, str]] = [
        ("GetConversation", pb.GetConversationRequest(conversation_id=FIRST), "CONVERSATION_NOT_FOUND"),
        ("GetConversation", pb.GetConversationRequest(session_id="none"), "CONVERSATION_NOT_FOUND"),
        ("GetConversation", pb.GetConversationRequest(), "FIELDS_INVALID"),
        ("UnlinkConversation", pb.UnlinkConversationRequest(conversation_id="x"), "CONVERSATION_NOT_FOUND"),
        (
            "LinkConversation",
            pb.LinkConversationRequest(conversation_id=told.conversation_id, customer_id=FIRST),
            "CUSTOMER_NOT_FOUND",
        ),
        (
            "DeleteConversation",
            pb.DeleteConversationRequest(conversation_id=told.conversation_id, etag="old"),
            "ETAG_MISMATCH",
        ),
        ("ListConversations", pb.ListConversationsRequest(page_token="x"), "FIELDS_INVALID"),
        ("ListConversations", pb.ListConversationsRequest(page_size=-1), "FIELDS_INVALID"),
        ("GetConversationMetrics", pb.GetConversationMetricsRequest(customer_id=FIRST), "CUSTOMER_NOT_FOUND"),
        ("VerifyConversationMetrics", pb.VerifyConversationMetricsRequest(page_token="x"), "FIELDS_INVALID"),
    ]
    for method, request, reason in cases:
        assert talk.refused(method, request).reason == reason, method


def test_who_may_write_its_own_alone_changes_no_conversation_of_another(served: Served) -> None:
    talk = Talk(served.client())
    bob = Talk(served.client(subject="bob", scopes=["customers:read", "customers:write:own"]))
    anns, bobs = created(talk.client, "Ann's"), created(bob.client, "Bob's")
    for told in (recorded(talk, "s", "hi"), recorded(talk, "t", "hi", customer=anns)):
        append = pb.AppendToConversationRequest(
            conversation_id=told.conversation_id, interactions=[things.Interaction(user_input="a")]
        )
        link = pb.LinkConversationRequest(conversation_id=told.conversation_id, customer_id=bobs)
        record = pb.RecordConversationRequest(conversation=conversation(told.session_id, "hi", "more"))
        check = batch.CheckConversationRequest(conversation=record.conversation)
        for method, request in (
            ("AppendToConversation", append), ("LinkConversation", link), ("RecordConversation", record),
            ("CheckConversation", check),
        ):  # fmt: skip
            assert bob.refused(method, request).reason == "NOT_OWN_RECORD"
    mine = recorded(bob, "mine", "hi")
    linked = pb.LinkConversationRequest(conversation_id=mine.conversation_id, customer_id=bobs)
    assert bob.LinkConversation(linked).conversation.origin_customer_id == bobs
    assert bob.refused("LinkConversation", pb.LinkConversationRequest(
        conversation_id=mine.conversation_id, customer_id=anns)).reason == "NOT_OWN_RECORD"  # fmt: skip
