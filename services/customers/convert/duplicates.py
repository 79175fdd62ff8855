"""Duplicates in messages: what to do about them, and who they are."""

from __future__ import annotations

from collections.abc import Iterable

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import customer_service_pb2 as pb
from services.customers.domain.failures import DuplicateCustomer, DuplicateHit
from services.runtime.failures import Failure, FieldsInvalid, FieldViolation

ACTIONS = {
    pb.DUPLICATE_ACTION_REJECT: "REJECT",
    pb.DUPLICATE_ACTION_ALLOW: "ALLOW",
    pb.DUPLICATE_ACTION_RETURN_EXISTING: "RETURN_EXISTING",
}


def duplicate_action(number: pb.DuplicateAction.ValueType, default: str = "REJECT", field: str = "on_duplicate") -> str:
    """The action that a request asks for."""
    if number == pb.DUPLICATE_ACTION_UNSPECIFIED:
        return default
    if number not in ACTIONS:
        raise FieldsInvalid([FieldViolation(field, f"is not one of {', '.join(ACTIONS.values())}")])
    return ACTIONS[number]


def hit_messages(hits: Iterable[DuplicateHit]) -> list[pb.DuplicateHit]:
    """Who shares a key."""
    return [
        pb.DuplicateHit(
            customer_id=hit.customer_id,
            key_kind=customer_pb2.ContactPointKind.Value("CONTACT_POINT_KIND_" + hit.key_kind),
        )
        for hit in hits
    ]


def details_of(failure: Failure) -> list[pb.DuplicateCustomerDetail]:
    """The typed details of a failure, beside the general ones."""
    if isinstance(failure, DuplicateCustomer):
        return [pb.DuplicateCustomerDetail(hits=hit_messages(failure.hits))]
    return []
