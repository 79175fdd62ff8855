"""Conversation links owns the messages by which many conversations are linked at once."""

from collections.abc import Iterable

from patronage.customers.v1 import conversation_batch_pb2 as batch
from patronage.customers.v1 import customer_pb2, customer_service_pb2
from patronage.errors.v1 import error_reason_pb2
from services.matching.convert.conversations import new_customer
from services.matching.domain.conversation import Conversation
from services.matching.domain.customers_answers import Changed, LinkAnswer, Linked, Refused, Taken

MOST_LINKS = 100
"""What one request takes."""

_KIND_NAMES = {customer_pb2.CONTACT_POINT_KIND_EMAIL: "EMAIL", customer_pb2.CONTACT_POINT_KIND_PHONE: "PHONE"}


def link_message(conversation: Conversation, customer_id: str) -> batch.ConversationLink:
    """Return a link to a customer; where none is named, to one that is created of what was given."""
    link = batch.ConversationLink(conversation_id=conversation.conversation_id, etag=conversation.etag)
    if customer_id:
        link.customer_id = customer_id
    else:
        link.new_customer.CopyFrom(new_customer(conversation, conversation.given))
    return link


def link_answer(outcome: batch.ConversationLinkOutcome) -> LinkAnswer:
    """Return what became of a link."""
    if outcome.reason == error_reason_pb2.ERROR_REASON_DUPLICATE_CUSTOMER:
        return Taken(hits_of(outcome.duplicates))
    if outcome.result == batch.CONVERSATION_LINK_RESULT_FAILED:
        return None
    return Linked(outcome.customer_id, outcome.revision, outcome.link_time.ToJsonString())


def link_made(outcome: batch.ConversationLinkOutcome) -> Linked:
    """Return the link that was made; raises Changed, Taken or Refused where none was."""
    answer = link_answer(outcome)
    if isinstance(answer, Taken):
        raise answer
    if outcome.reason == error_reason_pb2.ERROR_REASON_ETAG_MISMATCH:
        raise Changed
    if answer is None:
        reason = error_reason_pb2.ErrorReason.Name(outcome.reason).removeprefix("ERROR_REASON_")
        raise Refused(reason, outcome.message)
    return answer


def hits_of(hits: Iterable[customer_service_pb2.DuplicateHit]) -> list[tuple[str, str]]:
    """Return the customers that have the same e-mail or phone, each with which of them."""
    return [(hit.customer_id, _KIND_NAMES.get(hit.key_kind, "EMAIL")) for hit in hits]
