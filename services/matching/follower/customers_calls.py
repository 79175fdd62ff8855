"""Customers calls owns what the resolving of conversations asks of customers, and what its answers mean."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import grpc

from patronage.customers.v1 import conversation_batch_pb2 as batch
from patronage.customers.v1 import conversation_pb2, customer_service_pb2, customer_service_pb2_grpc
from patronage.customers.v1 import conversation_service_pb2 as talk
from patronage.customers.v1 import conversation_service_pb2_grpc as talk_grpc
from services.matching.convert.conversation_links import MOST_LINKS, hits_of, link_answer, link_made, link_message
from services.matching.convert.conversations import conversation_of, customer_now, update
from services.matching.domain.conversation import Conversation, request_id_of
from services.matching.domain.customer_filling import CustomerNow, Filling
from services.matching.domain.customers_answers import Changed, Full, Gone, LinkAnswer, Linked, Refused, Taken
from services.matching.operations.resolve_conversations import WantedLink
from services.runtime.interceptors.upstream import bad_fields_of_upstream, reason_of_upstream, status_of_upstream
from services.runtime.service_channel import Channel
from services.runtime.waiting import tried_in_a_moment

Metadata = Sequence[tuple[str, str]]
_LIST_OF_POINTS = "customer.contact_points"
_GONE = ("CUSTOMER_NOT_FOUND", "CUSTOMER_DELETED")
_FOR_GOOD = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
)
_IN_A_MOMENT = ("REQUEST_IN_PROGRESS", "CONFLICT_RETRY", "LOCK_TIMEOUT")


class CustomersStubs:
    """The stubs of one channel."""

    def __init__(self, channel: Channel) -> None:
        self.customers = customer_service_pb2_grpc.CustomerServiceStub(channel)
        self.conversations = talk_grpc.ConversationServiceStub(channel)


class CustomersCalls:
    """Calls for one company: as the service itself, or on behalf of a caller, as the metadata says."""

    def __init__(
        self, stubs: CustomersStubs, metadata: Callable[[str], Metadata], seconds: Callable[[], float] = lambda: 10.0
    ) -> None:
        self._stubs = stubs
        self._metadata = metadata
        self._seconds = seconds

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation as it is now."""
        return conversation_of(self.conversation_message(conversation_id=conversation_id))

    def is_there(self, conversation_id: str) -> bool:
        """Return whether there is such a conversation now."""
        try:
            self.conversation_message(conversation_id=conversation_id)
        except grpc.RpcError as error:
            if reason_of_upstream(error) != "CONVERSATION_NOT_FOUND":
                raise
            return False
        return True

    def conversation_message(self, **named: str) -> conversation_pb2.Conversation:
        """Return a conversation by its id or its session."""
        request = talk.GetConversationRequest(**named)
        return self._call(self._stubs.conversations.GetConversation, request).conversation  # type: ignore[no-any-return]

    def record(self, message: conversation_pb2.Conversation) -> conversation_pb2.Conversation:
        """Record a conversation; its session keeps it one."""
        request = talk.RecordConversationRequest(conversation=message)
        return self._call(self._stubs.conversations.RecordConversation, request).conversation  # type: ignore[no-any-return]

    def recorded(self, message: conversation_pb2.Conversation) -> conversation_pb2.Conversation | None:
        """Return what is recorded of a session, None for a new one. Fails where `record` would."""
        request = batch.CheckConversationRequest(conversation=message)
        answer = self._call(self._stubs.conversations.CheckConversation, request)
        return answer.recorded if answer.HasField("recorded") else None

    def orphans(self, request: talk.ListOrphanedConversationsRequest) -> talk.ListOrphanedConversationsResponse:
        """Return a page of the conversations that are linked to nobody."""
        return self._call(self._stubs.conversations.ListOrphanedConversations, request)  # type: ignore[no-any-return]

    def customer(self, customer_id: str) -> CustomerNow:
        """Return a customer as it is now: its root. Raises Gone."""
        request = customer_service_pb2.GetCustomerRequest(customer_id=customer_id)
        return customer_now(self._write(self._stubs.customers.GetCustomer, request, customer_id).customer)

    def link_new(self, conversation: Conversation) -> tuple[Linked, str]:
        """Link a conversation that is as it was read to a customer that is created with the link of what was given.

        Raises Changed, Taken, Refused. It needs no request id: sent again, the conversation has changed.
        """
        request = batch.BatchLinkConversationsRequest(
            links=[link_message(conversation, "")], link_source=conversation_pb2.LINK_SOURCE_AUTO_SYNC
        )
        answer = self._write(self._stubs.conversations.BatchLinkConversations, request, "")
        return link_made(answer.outcomes[0]), answer.change_token

    def fill(self, customer: CustomerNow, filling: Filling, conversation: Conversation, request_id: str) -> CustomerNow:
        """Add to a customer that is as it was read. Raises Changed, Taken, Gone, Full, Refused."""
        request = update(customer, filling, conversation, request_id)
        answer = self._write(self._stubs.customers.UpdateCustomer, request, customer.customer_id)
        return customer_now(answer.customer, answer.change_token)

    def link(self, conversation: Conversation, customer_id: str, request_id: str) -> tuple[Conversation, str]:
        """Link a conversation that is as it was read; gives it and a change token. Raises Changed, Gone, Refused."""
        request = talk.LinkConversationRequest(
            conversation_id=conversation.conversation_id,
            customer_id=customer_id,
            link_source=conversation_pb2.LINK_SOURCE_AUTO_SYNC,
            etag=conversation.etag,
            request_id=request_id,
        )
        answer = self._write(self._stubs.conversations.LinkConversation, request, customer_id)
        return conversation_of(answer.conversation, conversation.epoch), answer.change_token

    def customers_now(self, customer_ids: Sequence[str]) -> dict[str, CustomerNow]:
        """Return customers as they are now, by the ids that were asked for; roots stand for who was merged.

        Those that are together larger than one message are asked for by halves.
        """
        request = customer_service_pb2.BatchGetCustomersRequest(customer_ids=customer_ids)
        try:
            found = self._call(self._stubs.customers.BatchGetCustomers, request).customers
        except grpc.RpcError as error:
            middle = len(customer_ids) // 2
            if not middle or reason_of_upstream(error) != "FIELDS_INVALID":
                raise
            return self.customers_now(customer_ids[:middle]) | self.customers_now(customer_ids[middle:])
        return {one.merged_from or one.customer.customer_id: customer_now(one.customer) for one in found}

    def link_all(self, company_id: str, links: Sequence[WantedLink]) -> tuple[list[LinkAnswer], str]:
        """Link conversations that are as they were read; gives what became of each, and a change token."""
        parts = [links[place : place + MOST_LINKS] for place in range(0, len(links), MOST_LINKS)]
        done = [self._linked(company_id, part) for part in parts]
        return [link_answer(one) for answer in done for one in answer.outcomes], done[-1].change_token

    def _linked(self, company_id: str, links: Sequence[WantedLink]) -> batch.BatchLinkConversationsResponse:
        wanted = [link_message(one.conversation, one.customer_id) for one in links]
        told = [(one.conversation.conversation_id, one.conversation.etag, one.customer_id) for one in links]
        request = batch.BatchLinkConversationsRequest(
            links=wanted,
            link_source=conversation_pb2.LINK_SOURCE_AUTO_SYNC,
            request_id=request_id_of(company_id, "link all", told),
        )
        method = self._stubs.conversations.BatchLinkConversations
        return tried_in_a_moment(lambda: self._call(method, request), _is_busy)  # type: ignore[no-any-return]

    def _call(self, method: Any, request: Any) -> Any:
        named = self._metadata(getattr(request, "request_id", ""))
        return method(request, metadata=tuple(named), timeout=self._seconds())

    def _write(self, method: Any, request: Any, customer_id: str) -> Any:
        """Call, again where another one is at the same thing, which is over in a moment."""
        try:
            return tried_in_a_moment(lambda: self._call(method, request), _is_busy)
        except grpc.RpcError as error:
            _told(error, customer_id)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, grpc.RpcError) and reason_of_upstream(error) in _IN_A_MOMENT


def _told(error: grpc.RpcError, customer_id: str) -> NoReturn:
    """Raise what an error of customers says; one that may pass, or is nobody's answer, is raised as it came."""
    reason = reason_of_upstream(error)
    if reason == "ETAG_MISMATCH":
        raise Changed from error
    if reason in _GONE:
        raise Gone(customer_id) from error
    if reason == "DUPLICATE_CUSTOMER":
        raise Taken(_hits(error)) from error
    if bad_fields_of_upstream(error) == [_LIST_OF_POINTS]:
        raise Full(reason, str(error)) from error
    if isinstance(error, grpc.Call) and (error.code() in _FOR_GOOD or reason == "NOT_OWN_RECORD"):
        raise Refused(reason, error.details() or reason) from error
    raise error


def _hits(error: grpc.RpcError) -> list[tuple[str, str]]:
    """Return the customers that have the same e-mail or phone, each with which of them."""
    status, found = status_of_upstream(error), customer_service_pb2.DuplicateCustomerDetail()
    for detail in status.details if status else ():
        if detail.Unpack(found):
            return hits_of(found.hits)
    return []
