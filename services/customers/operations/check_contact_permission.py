"""Says whether customers may be contacted by a channel for a purpose, and which rule decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.contact_permission import (
    CHANNELS,
    PURPOSES,
    UNKNOWN,
    Asked,
    Decision,
    decide,
    reachable,
)
from services.customers.domain.failures import CustomerNotFound
from services.customers.store import contact_permissions
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck

MOST_IDS = 1000


@dataclass(frozen=True, slots=True)
class Permission:
    """The decision for an id, the root that it was merged into, if it was, and whether there is a contact point."""

    customer_id: str
    merged_into: str
    decision: Decision
    reachable: bool


def check_contact_permission(tx: Transaction, customer_id: str, channel: str, purpose: str) -> Permission:
    """The decision for one customer. Raises FieldsInvalid, CustomerNotFound."""
    check = _check(channel, purpose)
    check.require(customer_id, "customer_id", "is required")
    check.raise_if_any()
    [found] = _decided(tx, [customer_id], channel, purpose)
    if found.decision is UNKNOWN:
        raise CustomerNotFound(customer_id)
    return found


def batch_check_contact_permissions(
    tx: Transaction, customer_ids: Sequence[str], channel: str, purpose: str
) -> list[Permission]:
    """The decisions for up to 1,000 customers, in the order asked; an id of nobody is denied. Raises FieldsInvalid."""
    check = _check(channel, purpose)
    fitting = 1 <= len(customer_ids) <= MOST_IDS
    check.require(fitting, "customer_ids", f"takes 1 to {MOST_IDS} ids; {len(customer_ids)} were given")
    check.raise_if_any()
    return _decided(tx, customer_ids, channel, purpose)


def _check(channel: str, purpose: str) -> FieldCheck:
    check = FieldCheck()
    check.require(channel in CHANNELS, "channel", f"is not one of {', '.join(CHANNELS)}")
    check.require(purpose in PURPOSES, "purpose", f"is not one of {', '.join(PURPOSES)}")
    return check


def _decided(tx: Transaction, customer_ids: Sequence[str], channel: str, purpose: str) -> list[Permission]:
    found = contact_permissions.read(tx, customer_ids)
    return [_permission(customer_id, found.get(customer_id), channel, purpose) for customer_id in customer_ids]


def _permission(customer_id: str, asked: Asked | None, channel: str, purpose: str) -> Permission:
    if asked is None:
        return Permission(customer_id, "", UNKNOWN, False)
    merged_into = "" if asked.root_id == customer_id.lower() else asked.root_id
    return Permission(customer_id, merged_into, decide(asked, channel, purpose), reachable(asked, channel))
