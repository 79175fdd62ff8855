"""A company for hostile requests: things of every kind to name, tokens of every kind to spoil, calls as bytes."""

import uuid
from typing import Any, cast

import grpc
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from patronage.customers.v1 import (
    activity_service_pb2,
    change_feed_pb2,
    conversation_pb2,
    conversation_service_pb2,
    customer_pb2,
    customer_service_pb2,
    engagement_service_pb2,
    note_service_pb2,
)
from patronage.matching.v1 import matching_service_pb2, merge_service_pb2, review_queue_pb2, review_service_pb2
from services.client import ClientSettings, PatronageClient
from services.local.suite import SERVICES
from services.local.tokens import DEVELOPER_SCOPES
from tests.faults.company import Company
from tests.fixtures.contract import Rpc

SCOPES = {*DEVELOPER_SCOPES, "merge:apply"}
REFUSALS = {
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNAVAILABLE",
}
LONGEST_S = 60.0
"""Beyond the 30 s that a call may wait for what is not followed yet: what takes longer hangs."""


class World:
    """The things of one company, some anew before each method, since the one before may have deleted them."""

    def __init__(self, company: Company, foreign: Company) -> None:
        self.company = company
        context = company.suite.context()
        self.token = company.suite.token(company.id, scopes=SCOPES)
        targets = {name: context[name] for name in SERVICES}
        self.client = PatronageClient(ClientSettings(targets, token=self.token))
        self.channels = {name: grpc.insecure_channel(context[name]) for name in SERVICES}
        self.ids: dict[str, list[str]] = {}
        self.fresh = ""  # a change token that covers all that is written here
        stranger = foreign.customers.CreateCustomer(_customer("Bo")).customer.customer_id
        self.known: dict[str, list[str]] = {
            "id": [stranger, str(uuid.uuid4()), "x", "00000000-0000-0000-0000-000000000000"],
            "page_token": [],
            "after_cursor": [self._cursor()],
            "at_least_as_fresh": [company.everything()],
            "request_id": [str(uuid.uuid4())],
        }
        self.renew()

    def close(self) -> None:
        """Close every channel."""
        self.client.close()
        for channel in self.channels.values():
            channel.close()

    def renew(self, *, scanning: bool = True) -> None:
        """Makes a thing of every kind, a scan only where it is asked for: it takes longest."""
        customers = [self.client.customers.CreateCustomer(_customer("Ana")).customer.customer_id for _ in range(4)]
        merging = merge_service_pb2.MergeCustomersRequest(
            target_id=customers[0], source_ids=customers[1:2], allow_unpreviewed=True
        )
        made = {
            "merge": self.client.merges.MergeCustomers(merging).merge.merge_id,
            **({"scan": self._scan()} if scanning else {}),
            **self._children(customers[1]),
            "item": self._review_item(*customers[2:]),
            "judgement": self._judgement(*customers[2:]),
        }
        for kind, name in [*(("customer", name) for name in customers), *made.items()]:
            self.ids.setdefault(kind, []).append(name)
            self.known["id"] += [name, name.upper()] if kind == "customer" else [name]
        listing = customer_service_pb2.DESCRIPTOR.services_by_name["CustomerService"].methods_by_name["ListCustomers"]
        request: Any = GetMessageClass(listing.input_type)(page_size=1)
        self.known["page_token"].append(self.client.customers.ListCustomers(request).next_page_token)

    def answer(self, rpc: Rpc, sent: list[bytes]) -> status_pb2.Status | None:
        """The status of a refused call; None where it was answered. A stream without end is left after one answer."""
        kind = f"{'stream' if rpc.method.client_streaming else 'unary'}_"
        kind += "stream" if rpc.method.server_streaming else "unary"
        parse = GetMessageClass(rpc.method.output_type).FromString
        method = getattr(self.channels[rpc.service], kind)(rpc.path, response_deserializer=parse)
        metadata = [("authorization", f"Bearer {self.token}")]
        try:
            call = method(iter(sent) if rpc.method.client_streaming else sent[0], timeout=LONGEST_S, metadata=metadata)
            if rpc.method.name == "FollowChanges":
                next(call)
                call.cancel()
            elif rpc.method.server_streaming:
                list(call)
        except grpc.RpcError as error:
            return _refusal(error, sent)
        return None

    def _scan(self) -> str:
        scan = self.client.matching.ScanDuplicates(matching_service_pb2.ScanDuplicatesRequest()).scan
        return str(scan.scan_id)

    def _judgement(self, left: str, right: str) -> str:
        request = review_service_pb2.CreateJudgementRequest(left_id=left, right_id=right)
        request.verdict = review_service_pb2.VERDICT_UNSURE
        return str(self.client.reviews.CreateJudgement(request).judgement.judgement_id)

    def _review_item(self, left: str, right: str) -> str:
        """What waits for a person after a merge that was undone without saying why."""
        merging = merge_service_pb2.MergeCustomersRequest(target_id=left, source_ids=[right], allow_unpreviewed=True)
        merged = self.client.merges.MergeCustomers(merging).merge.merge_id
        undoing = merge_service_pb2.UndoMergeRequest(merge_id=merged, leave_undecided=True)
        self.fresh = self.client.merges.UndoMerge(undoing).change_token
        asked = review_queue_pb2.ListReviewItemsRequest(customer_id=right, at_least_as_fresh=self.fresh)
        [item] = self.client.reviews.ListReviewItems(asked).items
        return str(item.item_id)

    def _children(self, customer: str) -> dict[str, str]:
        note = note_service_pb2.CreateNoteRequest(customer_id=customer)
        note.note.content = "called"
        activity = activity_service_pb2.CreateActivityRequest(customer_id=customer)
        activity.activity.title, activity.activity.type = "called", activity_service_pb2.ACTIVITY_TYPE_CALL
        engagement = engagement_service_pb2.CreateEngagementRequest(customer_id=customer)
        engagement.engagement.title = "kitchen"
        engagement.engagement.kind = engagement_service_pb2.ENGAGEMENT_KIND_OFFER
        told = conversation_pb2.Conversation(session_id=str(uuid.uuid4()))
        told.interactions.add(user_input="hello")
        recording = conversation_service_pb2.RecordConversationRequest(conversation=told, customer_id=customer)
        return {
            "note": self.client.notes.CreateNote(note).note.note_id,
            "activity": self.client.activities.CreateActivity(activity).activity.activity_id,
            "engagement": self.client.engagements.CreateEngagement(engagement).engagement.engagement_id,
            "conversation": self.client.conversations.RecordConversation(recording).conversation.conversation_id,
            "session": told.session_id,
        }

    def _cursor(self) -> str:
        stream = self.client.feed.FollowChanges(change_feed_pb2.FollowChangesRequest())
        cursor: str = next(iter(stream)).cursor
        cast(Any, stream).cancel()
        return cursor


def assert_explained(status: status_pb2.Status, sent: list[bytes]) -> None:
    """There is a reason; where fields are wrong they are named; and it is not that another service is away."""
    info, wrong = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info), sent
    assert info.reason not in ("UPSTREAM_UNAVAILABLE", "DATABASE_UNAVAILABLE", "INTERNAL", ""), (info, sent)
    if info.reason == "FIELDS_INVALID":
        assert any(detail.Unpack(wrong) for detail in status.details), (status.message, sent)
        fields = [violation.field for violation in wrong.field_violations]
        assert fields, (status.message, sent)
        assert all(fields), (status.message, sent)


def _customer(name: str) -> customer_service_pb2.CreateCustomerRequest:
    return customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name=name))


def _refusal(error: grpc.RpcError, sent: list[bytes]) -> status_pb2.Status:
    """The status of a call that failed for a reason that is the caller's."""
    told = cast(grpc.Call, error)
    assert told.code().name in REFUSALS, (told.code(), told.details(), sent)
    status = rpc_status.from_call(told)
    assert status is not None, (told.code(), told.details(), sent)
    return cast(status_pb2.Status, status)
