"""A company that talks with its customers: conversations recorded, changed, resolved, and what became of them."""

import uuid
from typing import Any

from patronage.customers.v1 import audit_service_pb2 as audit
from patronage.customers.v1 import conversation_pb2, customer_pb2, listing_pb2
from patronage.customers.v1 import conversation_service_pb2 as talk
from patronage.customers.v1 import customer_service_pb2 as records
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.client import ClientSettings, PatronageClient
from services.local.suite import SERVICES, Suite
from tests.faults.company import LONG_S, until

ANN = {"customer_name": "Ann Lee", "customer_email": "ann.lee@example.com", "customer_phone": "+1 212 555 0147"}
BOB = {"customer_name": "Bob Stone", "customer_email": "bob@stone.example"}


class Chats:
    """One company, over the typed client, which reads its own writes."""

    def __init__(self, suite: Suite, company_id: str = "", **token: Any) -> None:
        self.suite = suite
        self.company_id = company_id or f"chats-{uuid.uuid4()}"
        context = suite.context()
        signed = suite.token(self.company_id, **token)
        self.client = PatronageClient(ClientSettings({name: context[name] for name in SERVICES}, token=signed))

    def automatic(self, wanted: bool, **more: Any) -> None:
        """Have conversations resolved by themselves, or not."""
        self.client.matching.SetConversationPolicy(pb.SetConversationPolicyRequest(automatic=wanted, **more))

    def create(self, name: str, **fields: Any) -> str:
        """Create a customer, also one that there is already."""
        customer = customer_pb2.Customer(name=name, **fields)
        request = records.CreateCustomerRequest(customer=customer, on_duplicate=records.DUPLICATE_ACTION_ALLOW)
        return self.client.customers.CreateCustomer(request).customer.customer_id

    def customer(self, customer_id: str) -> customer_pb2.Customer:
        return self.client.customers.GetCustomer(records.GetCustomerRequest(customer_id=customer_id)).customer

    def customers(self) -> list[customer_pb2.Customer]:
        """Everybody in use."""

        return list(self.client.customers.ListCustomers(listing_pb2.ListCustomersRequest()).customers)

    def record(self, session: str = "", customer_id: str = "", **given: Any) -> conversation_pb2.Conversation:
        """Record a conversation, or add to that of a session."""
        told = conversation_pb2.Conversation(session_id=session or str(uuid.uuid4()), **given)
        told.interactions.add(user_input="How much is a kitchen?", ai_response="It depends.")
        request = talk.RecordConversationRequest(conversation=told, customer_id=customer_id)
        return self.client.conversations.RecordConversation(request).conversation

    def conversation(self, conversation_id: str) -> conversation_pb2.Conversation:
        request = talk.GetConversationRequest(conversation_id=conversation_id)
        return self.client.conversations.GetConversation(request).conversation

    def link(self, conversation_id: str, customer_id: str) -> None:
        """Link as a person."""
        request = talk.LinkConversationRequest(conversation_id=conversation_id, customer_id=customer_id)
        self.client.conversations.LinkConversation(request)

    def unlink(self, conversation_id: str) -> None:
        self.client.conversations.UnlinkConversation(talk.UnlinkConversationRequest(conversation_id=conversation_id))

    def sync(self, conversation_id: str = "", **request: Any) -> pb.SyncConversationResponse:
        if conversation_id:
            request["conversation_id"] = conversation_id
        return self.client.matching.SyncConversation(pb.SyncConversationRequest(**request))

    def sync_orphans(self, **request: Any) -> list[pb.SyncOrphanedConversationsResponse]:
        asked = pb.SyncOrphanedConversationsRequest(**request)
        return list(self.client.matching.SyncOrphanedConversations(asked, timeout=LONG_S))

    def known(self, conversation_id: str) -> pb.GetConversationResolutionResponse:
        asked = pb.GetConversationResolutionRequest(conversation_id=conversation_id)
        return self.client.matching.GetConversationResolution(asked)

    def listed(self, **request: Any) -> list[pb.ConversationResolution]:
        """What became of conversations, of all pages."""
        asked = pb.ListConversationResolutionsRequest(**request)
        found: list[pb.ConversationResolution] = []
        while True:
            page = self.client.matching.ListConversationResolutions(asked)
            found += page.resolutions
            if not page.next_page_token:
                return found
            asked.page_token = page.next_page_token

    def resolved(self, conversation_id: str) -> pb.ConversationResolution:
        """What became of a conversation, once it waits no longer."""

        def found() -> pb.ConversationResolution | None:
            known = self.known(conversation_id)
            assert not known.parked, known.parked_because
            return known.resolution if known.HasField("resolution") and not known.pending else None

        one = until(found, f"conversation {conversation_id} is resolved")
        assert one is not None
        return one

    def audit_of(self, customer_id: str) -> list[audit.AuditEntry]:
        """The audit of a customer and what belongs to it, newest first."""
        asked = audit.ListAuditEntriesRequest(customer_id=customer_id, page_size=1000)
        return list(self.client.audit.ListAuditEntries(asked).entries)

    def close(self) -> None:
        self.client.close()


def outcome(resolution: pb.ConversationResolution) -> tuple[str, str, int]:
    """What was done, by what, how sure."""
    return (
        pb.ResolutionOutcome.Name(resolution.outcome).removeprefix("RESOLUTION_OUTCOME_"),
        pb.MatchedBy.Name(resolution.matched_by).removeprefix("MATCHED_BY_"),
        resolution.confidence,
    )
