"""A token with customers:write:own changes what its bearer created, by each method that lets it in."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from patronage.customers.v1 import activity_service_pb2 as activity_pb
from patronage.customers.v1 import conversation_pb2
from patronage.customers.v1 import conversation_service_pb2 as conversation_pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import engagement_service_pb2 as engagement_pb
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.customers.v1 import note_service_pb2 as note_pb
from patronage.errors.v1 import error_reason_pb2
from services.customers.access import ACCESS
from services.runtime.ids import new_id
from tests.fixtures.contract import Rpc, every_rpc
from tests.integration.customers.served import Client, Refusal, Served, refusal

OWN = ["customers:write:own", "customers:delete", "customers:read"]
MAKING = {"CreateCustomer", "ImportCustomers"}
CHANGING = [
    rpc
    for rpc in every_rpc()
    if rpc.service == "customers"
    and (access := ACCESS.get(rpc.path))
    and (access.own or access.scope == "customers:delete")
    and rpc.method.name not in MAKING
]
WORDS: Mapping[str, Any] = {
    "stage": model.LIFECYCLE_STAGE_LEAD,
    "tags": ["a"],
    "summary": "They talked.",
    "content": "called",
    "title": "Roof",
    "text": "Hello",
    "user_input": "Hello",
    "session_id": "s-new",
    "type": 1,
    "kind": 1,
    "organization": "Acme",
    "preferred_payment": "cash",
    "best_contact_time": "noon",
}
"""What the fields of a request may hold that say something."""


@dataclass(frozen=True)
class Owned:
    """A customer of Ann's with what belongs to it, and the ids of it by their fields."""

    ids: Mapping[str, str]

    def request(self, rpc: Rpc) -> Any:
        """A request about it that is good but for who sends it."""
        request = rpc.request()
        self._fill(request, depth=0)
        return request

    def _fill(self, message: Any, depth: int) -> None:
        for field in message.DESCRIPTOR.fields:
            singular = field.name.removesuffix("s")
            if field.name in self.ids and not (depth and field.name != "customer_id"):
                setattr(message, field.name, self.ids[field.name])
            elif singular in self.ids and not depth:
                getattr(message, field.name).append(self.ids[singular])
            elif field.name in WORDS:
                _say(message, field.name)
            elif field.message_type and field.message_type.file.package.startswith("patronage") and depth < 2:
                self._fill_inner(message, field, depth)

    def _fill_inner(self, message: Any, field: Any, depth: int) -> None:
        if field.name in ("filter", "create_time"):
            return
        if field.is_repeated:
            if field.name == "links":
                message.links.add(conversation_id=self.ids["conversation_id"], customer_id=self.ids["customer_id"])
            if field.name == "interactions" and not depth:
                self._fill(getattr(message, field.name).add(), depth + 1)
            return
        inner = getattr(message, field.name)
        inner.SetInParent()
        self._fill(inner, depth + 1)


def _say(message: Any, name: str) -> None:
    value = WORDS[name]
    if isinstance(value, list):
        getattr(message, name).extend(value)
    elif message.DESCRIPTOR.fields_by_name[name].enum_type is not None or not isinstance(value, int):
        setattr(message, name, value)


@dataclass(frozen=True)
class Callers:
    """The callers of a company of its own."""

    served: Served
    company_id: str

    def client(self, **caller: Any) -> Client:
        return self.served.client(self.company_id, **caller)


@pytest.fixture
def served(kept_served: Served) -> Callers:
    return Callers(kept_served, new_id())


@pytest.fixture
def ann(served: Callers) -> Client:
    return served.client(scopes=OWN, subject="ann")


@pytest.fixture
def bo(served: Callers) -> Client:
    return served.client(scopes=OWN, subject="bo", name="Bo")


def create(client: Client, name: str, **customer: Any) -> str:
    made = pb.CreateCustomerRequest(customer=model.Customer(name=name, **customer))
    return str(client.CreateCustomer(made).customer.customer_id)


@pytest.fixture
def owned(served: Callers, ann: Client) -> Owned:
    customer = create(ann, "Hers")
    note = ann.CreateNote(note_pb.CreateNoteRequest(customer_id=customer, note=note_pb.Note(content="called")))
    activity = ann.CreateActivity(
        activity_pb.CreateActivityRequest(
            customer_id=customer, activity=activity_pb.Activity(type=activity_pb.ACTIVITY_TYPE_CALL, title="Call")
        )
    )
    engagement = ann.CreateEngagement(
        engagement_pb.CreateEngagementRequest(
            customer_id=customer,
            engagement=engagement_pb.Engagement(kind=engagement_pb.ENGAGEMENT_KIND_LEAD, title="Roof"),
        )
    )
    conversation = ann.RecordConversation(
        conversation_pb.RecordConversationRequest(
            customer_id=customer,
            conversation=conversation_pb2.Conversation(
                session_id=str(uuid.uuid4()), interactions=[conversation_pb2.Interaction(user_input="Hello")]
            ),
        )
    )
    return Owned(
        {
            "customer_id": customer,
            "note_id": note.note.note_id,
            "activity_id": activity.activity.activity_id,
            "engagement_id": engagement.engagement.engagement_id,
            "conversation_id": conversation.conversation.conversation_id,
        }
    )


def refused(client: Client, rpc: Rpc, request: Any) -> str:
    """The reason that a call is refused with; of a batch that of its one customer; empty where it is answered."""
    try:
        answer = getattr(client, rpc.method.name)(request)
        answers: list[Any] = [answer] if isinstance(answer, Message) else list(answer)
    except grpc.RpcError as error:
        found: Refusal = refusal(error)
        return found.reason
    if "outcomes" not in rpc.method.output_type.fields_by_name:
        return ""
    [outcome] = [outcome for one in answers for outcome in one.outcomes]
    return error_reason_pb2.ErrorReason.Name(outcome.reason).removeprefix("ERROR_REASON_").replace("UNSPECIFIED", "")


@pytest.mark.parametrize("rpc", CHANGING, ids=str)
def test_the_record_of_another_is_not_changed(rpc: Rpc, served: Callers, bo: Client, owned: Owned) -> None:
    request = owned.request(rpc)
    assert refused(bo, rpc, request) == "NOT_OWN_RECORD"
    everything = served.client(subject="cy")
    assert refused(everything, rpc, request) == "", "or the test above proves nothing"


@pytest.mark.parametrize("rpc", CHANGING, ids=str)
def test_the_record_of_ones_own_is_changed(rpc: Rpc, ann: Client, owned: Owned) -> None:
    assert refused(ann, rpc, owned.request(rpc)) == ""


def test_every_method_that_writes_customers_is_open_to_owners() -> None:
    """One that is not says why here; merging joins records of others."""
    writing = {path.rpartition("/")[2] for path, access in ACCESS.items() if access.scope == "customers:write"}
    open_to_owners = {path.rpartition("/")[2] for path, access in ACCESS.items() if access.own}
    assert writing == open_to_owners


def test_anybody_with_the_scope_creates(bo: Client) -> None:
    assert create(bo, "His")


def test_a_creation_shows_the_record_of_another_only_to_who_may_read_it(
    served: Callers, ann: Client, bo: Client
) -> None:
    hers = create(ann, "Hers", email="ana@example.com")
    request = pb.CreateCustomerRequest(
        customer=model.Customer(name="Ana", email="ana@example.com"),
        on_duplicate=pb.DUPLICATE_ACTION_RETURN_EXISTING,
    )
    blind = served.client(scopes=["customers:write:own"], subject="bo")
    found = blind.refused("CreateCustomer", request)
    assert (found.reason, found.metadata["scope"]) == ("SCOPE_MISSING", "customers:read")
    assert bo.CreateCustomer(request).customer.customer_id == hers
    her_form = served.client(scopes=["customers:write:own"], subject="ann")
    assert her_form.CreateCustomer(request).customer.customer_id == hers


def test_a_token_with_both_scopes_changes_all(served: Callers, owned: Owned) -> None:
    client = served.client(scopes=["customers:write", "customers:write:own"], subject="bo")
    request = pb.UpdateCustomerRequest(customer_id=owned.ids["customer_id"], customer=model.Customer(name="New"))
    assert client.UpdateCustomer(request).customer.name == "New"


def test_without_either_scope_nothing_is_changed(served: Callers, owned: Owned) -> None:
    client = served.client(scopes=["customers:read:own", "customers:read"])
    request = pb.UpdateCustomerRequest(customer_id=owned.ids["customer_id"], customer=model.Customer(name="New"))
    found = client.refused("UpdateCustomer", request)
    assert (found.reason, found.metadata["scope"]) == ("SCOPE_MISSING", "customers:write")


def test_of_a_merged_customer_it_counts_who_created_the_root(served: Callers, ann: Client, bo: Client) -> None:
    hers, his = create(ann, "Hers"), create(bo, "His")
    merging = {"target_id": hers, "source_ids": [his], "merge_id": str(uuid.uuid4())}
    rpc = next(rpc for rpc in every_rpc() if rpc.method.name == "ApplyMerge")
    request = rpc.request()
    for name, value in merging.items():
        getattr(request, name).extend(value) if isinstance(value, list) else setattr(request, name, value)
    served.client().ApplyMerge(request)
    change = pb.UpdateCustomerRequest(customer_id=his, customer=model.Customer(organization="Acme"))
    assert bo.refused("UpdateCustomer", change).reason == "NOT_OWN_RECORD"
    assert ann.UpdateCustomer(change).customer.customer_id == hers


def test_a_row_of_an_import_that_is_anothers_is_named_and_the_others_come_in(ann: Client, bo: Client) -> None:
    def imported(client: Client, name: str) -> list[Any]:
        rows = [
            import_pb.ImportRow(row_number=number, id=str(number), customer=model.Customer(name=name))
            for number in ([1] if client is ann else [1, 2])
        ]
        parts = [
            import_pb.ImportCustomersRequest(options=import_pb.ImportOptions(source="crm")),
            import_pb.ImportCustomersRequest(rows=import_pb.ImportRows(rows=rows)),
        ]
        [answer] = client.ImportCustomers(iter(parts))
        return list(answer.outcomes)

    imported(ann, "Hers")
    first, second = imported(bo, "His")
    assert (first.result, [problem.field for problem in first.problems]) == (
        import_pb.IMPORT_RESULT_INVALID,
        ["customer"],
    )
    assert second.result == import_pb.IMPORT_RESULT_CREATED
