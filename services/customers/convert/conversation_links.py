"""Messages of links of many conversations: what is wanted, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from patronage.customers.v1 import conversation_batch_pb2 as pb
from patronage.errors.v1 import error_reason_pb2
from services.customers.convert.customer import draft_of
from services.customers.convert.duplicates import hit_messages
from services.customers.domain.failures import DuplicateCustomer
from services.runtime.failures import Failure

RESULT = "CONVERSATION_LINK_RESULT_"


class Outcome(Protocol):
    """What is said of a link."""

    @property
    def conversation_id(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def linked_at(self) -> datetime | None: ...
    @property
    def failure(self) -> Failure | None: ...


def wanted_of(request: pb.BatchLinkConversationsRequest) -> list[dict[str, Any]]:
    """What each link of a request says, by the names of the operation."""
    return [
        {
            "conversation_id": one.conversation_id,
            "etag": one.etag,
            "customer_id": one.customer_id,
            "draft": draft_of(one.new_customer) if one.HasField("new_customer") else None,
        }
        for one in request.links
    ]


def outcome_messages(outcomes: Sequence[Outcome]) -> list[pb.ConversationLinkOutcome]:
    """Outcomes as messages."""
    return [_outcome(one) for one in outcomes]


def _outcome(one: Outcome) -> pb.ConversationLinkOutcome:
    message = pb.ConversationLinkOutcome(
        conversation_id=one.conversation_id,
        result=pb.ConversationLinkResult.Value(RESULT + one.result),
        customer_id=one.customer_id,
        revision=one.revision,
    )
    if one.linked_at is not None:
        message.link_time.FromDatetime(one.linked_at)
    if one.failure is not None:
        message.reason = error_reason_pb2.ErrorReason.Value("ERROR_REASON_" + one.failure.reason)
        message.message = one.failure.message
    if isinstance(one.failure, DuplicateCustomer):
        message.duplicates.extend(hit_messages(one.failure.hits))
    return message
