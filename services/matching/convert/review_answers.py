"""Review answers owns the messages of the review queue: items, and what was decided."""

from datetime import datetime
from typing import Protocol

from patronage.customers.v1 import customer_pb2
from patronage.matching.v1 import review_queue_pb2 as pb
from services.matching.convert.answers import score_message
from services.matching.convert.policies import time_message
from services.matching.convert.reviews import MERGE
from services.matching.domain.evidence import probability
from services.matching.domain.review_item import CONFLICT, MERGED, RESOLVED, SUPERSEDED, ItemCustomer, ReviewItem


def item_message(item: ReviewItem) -> pb.ReviewItem:
    """Return an item as a message."""
    evidence = item.evidence
    scored = item.kind != CONFLICT and bool(evidence.confidence or evidence.levels)
    chance = probability(evidence.match_weight) if scored else 0.0
    return pb.ReviewItem(
        item_id=item.item_id,
        kind=pb.ReviewKind.Value(f"REVIEW_KIND_{item.kind}"),
        state=pb.ReviewState.Value(f"REVIEW_STATE_{item.state}"),
        customers=[_customer_message(one) for one in item.customers],
        impact=item.impact,
        score=score_message(evidence.match_weight, chance, evidence.confidence),
        policy_version=evidence.policy_version,
        matched_fields=evidence.matched_fields,
        levels=[pb.ComparisonLevel(comparison=name, level=level) for name, level in evidence.levels.items()],
        cause=item.cause,
        conversation_id=item.conversation_id,
        judgement_ids=item.judgement_ids,
        merge_id=item.merge_id or "",
        open_time=time_message(item.opened_at),
        update_time=time_message(item.updated_at),
        resolution=resolution_value(item.outcome) if item.state == RESOLVED else pb.RESOLUTION_UNSPECIFIED,
        superseded_because=item.outcome if item.state == SUPERSEDED else "",
        end_time=time_message(item.ended_at) if item.ended_at else None,
        resolved_by=actor_message(item.ended_by, item.ended_by_name) if item.state == RESOLVED else None,
        reason=item.reason,
        etag=item.etag,
    )


def resolution_value(resolution: str) -> pb.Resolution.ValueType:
    """Return what was decided as a value of the contract."""
    return pb.Resolution.Value(f"RESOLUTION_{MERGE if resolution == MERGED else resolution}")


def actor_message(subject: str, name: str) -> customer_pb2.Actor:
    """Return who did something."""
    return customer_pb2.Actor(subject=subject, name=name)


def _customer_message(customer: ItemCustomer) -> pb.ReviewCustomer:
    return pb.ReviewCustomer(
        customer_id=customer.customer_id,
        root_id=customer.root_id or "",
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
    )


class Past(Protocol):
    """A decision as the store gives it."""

    @property
    def resolution(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def resolved_at(self) -> datetime: ...
    @property
    def merge_id(self) -> str | None: ...


def past_message(past: Past) -> pb.PastResolution:
    """Return what was decided once."""
    return pb.PastResolution(
        resolution=resolution_value(past.resolution),
        resolved_by=actor_message(past.actor, past.actor_name),
        resolve_time=time_message(past.resolved_at),
        merge_id=past.merge_id or "",
    )
