"""Conversations owns the messages about conversations: what customers shows and takes, and what became of them."""

from collections.abc import Mapping

from patronage.customers.v1 import conversation_pb2, customer_pb2
from patronage.customers.v1 import customer_service_pb2 as customers_pb
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.matching.convert.policies import time_message
from services.matching.domain.conversation import Conversation, Given
from services.matching.domain.conversation_resolution import (
    CREATED,
    ERROR,
    FOUND_EXISTING,
    REVIEW,
    SKIPPED,
    UPDATED,
    ConversationPolicy,
    Resolution,
)
from services.matching.domain.customer_filling import CustomerNow, Filling, Point, points_of, provenance

_KIND = "CONTACT_POINT_KIND_"
_FIELD_OF = {
    CREATED: "created",
    UPDATED: "updated",
    FOUND_EXISTING: "found_existing",
    REVIEW: "review",
    ERROR: "error",
    SKIPPED: "skipped",
}


def conversation_of(message: conversation_pb2.Conversation, epoch: str = "") -> Conversation:
    """Return a conversation as it is resolved."""
    return Conversation(
        message.conversation_id,
        message.session_id,
        message.revision,
        epoch,
        message.etag,
        message.origin_customer_id,
        message.link_time.ToJsonString() if message.HasField("link_time") else "",
        message.customer_name,
        message.customer_email,
        message.customer_phone,
        message.customer_address,
        message.deleted,
        message.unlinked_customer_id,
    )


def customer_now(message: customer_pb2.Customer, change_token: str = "") -> CustomerNow:
    """Return a customer as a conversation adds to it."""
    points = {
        (customer_pb2.ContactPointKind.Name(one.kind).removeprefix(_KIND), one.normalized_value)
        for one in message.contact_points
    }
    countries = tuple(one.postal_address.country for one in message.contact_points)
    united = bool(message.merged_customer_ids)
    return CustomerNow(
        message.customer_id, message.etag, message.name, frozenset(points), countries, united, message, change_token
    )


def new_customer(conversation: Conversation, given: Given) -> customer_pb2.Customer:
    """Return the customer of a conversation as it is created."""
    customer = customer_pb2.Customer(name=given.name, source=customer_pb2.CUSTOMER_SOURCE_CHAT)
    customer.contact_points.extend(_point(point, conversation) for point in points_of(given))
    return customer


def update(
    customer: CustomerNow, filling: Filling, conversation: Conversation, request_id: str
) -> customers_pb.UpdateCustomerRequest:
    """Return the request that adds to a customer; points that it has stay as they are."""
    assert isinstance(customer.message, customer_pb2.Customer)
    added = [_point(point, conversation) for point in filling.points]
    kinds = {point.kind for point in added}
    wanted = customer_pb2.Customer(etag=customer.etag, name=filling.name)
    wanted.contact_points.extend(one for one in customer.message.contact_points if one.kind in kinds)
    wanted.contact_points.extend(added)
    request = customers_pb.UpdateCustomerRequest(
        customer_id=customer.customer_id, customer=wanted, request_id=request_id
    )
    request.update_mask.paths.extend((["name"] if filling.name else []) + (["contact_points"] if added else []))
    return request


def resolution_message(one: Resolution) -> pb.ConversationResolution:
    """Return what became of a conversation as a message."""
    return pb.ConversationResolution(
        conversation_id=one.conversation_id,
        conversation_revision=one.revision,
        outcome=pb.ResolutionOutcome.Value(f"RESOLUTION_OUTCOME_{one.outcome}"),
        customer_id=one.customer_id,
        matched_by=pb.MatchedBy.Value(f"MATCHED_BY_{one.matched_by}"),
        confidence=one.confidence,
        match_weight=one.weight,
        explanation=one.explanation,
        filled_fields=one.filled,
        added_contact_points=[customer_pb2.ContactPointKind.Value(f"{_KIND}{kind}") for kind in one.added],
        candidate_ids=one.candidates,
        moved_from=one.moved_from,
        needs_review=one.needs_review,
        error_reason=one.error_reason,
        resolve_time=time_message(one.resolved_at) if one.resolved_at else None,
        resolved_by=one.resolved_by,
        model_version=one.model_version,
        review_item_id=one.review_item_id,
        request_id=one.run_id,
    )


def counts_message(counts: Mapping[str, int]) -> pb.ResolutionCounts:
    """Return how many conversations had each outcome."""
    return pb.ResolutionCounts(
        total=sum(counts.values()), **{_FIELD_OF[outcome]: count for outcome, count in counts.items()}
    )


def counts_of(message: pb.ResolutionCounts) -> dict[str, int]:
    """Return the counts of a message by outcome."""
    return {outcome: getattr(message, field) for outcome, field in _FIELD_OF.items()}


def policy_message(policy: ConversationPolicy) -> pb.ConversationPolicy:
    """Return a policy as a message."""
    return pb.ConversationPolicy(
        automatic=policy.automatic,
        name_only=pb.NameOnlyAction.Value(f"NAME_ONLY_ACTION_{policy.name_only}"),
        update_time=time_message(policy.updated_at) if policy.updated_at else None,
        updated_by=policy.updated_by,
    )


def _point(point: Point, conversation: Conversation) -> customer_pb2.ContactPoint:
    kind, value = point
    number = customer_pb2.ContactPointKind.Value(f"{_KIND}{kind}")
    return customer_pb2.ContactPoint(kind=number, value=value, source=provenance(conversation.conversation_id))
