"""Preferences and contact permissions as messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from patronage.customers.v1 import contact_permission_pb2 as permission_pb
from patronage.customers.v1 import preferences_pb2 as pb
from services.customers.convert.choices import number_of
from services.customers.convert.times import time_text, timestamp
from services.customers.domain.consent import answers
from services.customers.domain.contact_permission import Decision
from services.customers.domain.fields import CONSENTS, Json

TEXTS = ("preferred_payment", "best_contact_time")
CHANNEL, PURPOSE, RULE = "CONTACT_CHANNEL_", "CONTACT_PURPOSE_", "CONTACT_RULE_"


class Permission(Protocol):
    """What a check answers."""

    @property
    def customer_id(self) -> str: ...
    @property
    def merged_into(self) -> str: ...
    @property
    def decision(self) -> Decision: ...
    @property
    def reachable(self) -> bool: ...


def draft_of(message: pb.Preferences) -> dict[str, Json]:
    """The populated writable fields of preferences."""
    draft: dict[str, Json] = {name: value for name in TEXTS if (value := getattr(message, name))}
    if message.favorite_products:
        draft["favorite_products"] = list(message.favorite_products)
    return draft | {name: getattr(message, name) for name in CONSENTS if message.HasField(name)}  # type: ignore[arg-type]


def consent_time(request: pb.UpdatePreferencesRequest) -> str | None:
    """When the answers of a request were given; None where that is not said, empty where it is no possible time."""
    return time_text(request.consent_time) if request.HasField("consent_time") else None


def preferences_message(shown: Mapping[str, Json]) -> pb.Preferences:
    """The preferences of what is shown of a customer."""
    given = answers(dict(shown))
    values: dict[str, Any] = {name: shown[name] for name in TEXTS if name in shown}
    return pb.Preferences(
        customer_id=shown["customer_id"],
        etag=shown["etag"],
        favorite_products=shown.get("favorite_products", ()),
        consents=[
            pb.Consent(
                permission=name,
                value=one["value"],
                since_time=timestamp(one["since"]),
                proof=one.get("proof", ""),
            )
            for name, one in given.items()
        ],
        **values,
        **{name: one["value"] for name, one in given.items()},
    )


def permission_message(found: Permission) -> permission_pb.ContactPermission:
    """The answer to a check."""
    decision = found.decision
    message = permission_pb.ContactPermission(
        customer_id=found.customer_id,
        merged_into=found.merged_into,
        allowed=decision.allowed,
        rule=number_of(permission_pb.ContactRule, decision.rule, RULE),
        proof=decision.proof,
        reachable=found.reachable,
    )
    if decision.since:
        message.since_time.CopyFrom(timestamp(decision.since))
    return message
