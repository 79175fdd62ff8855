"""List messages: from requests to questions, and to pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import contact_permission_pb2 as permission_pb
from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import listing_pb2 as pb
from services.customers.convert.choices import short_name
from services.customers.convert.customer import CHOICES, PREFIXES, customer_message
from services.customers.convert.preferences import CHANNEL, PURPOSE
from services.customers.convert.times import moment, timestamp
from services.customers.domain.consent_filter import SAID
from services.customers.domain.contact_permission import CHANNELS, PURPOSES
from services.customers.domain.fields import CONSENTS
from services.customers.domain.keys import LIVE_STATES
from services.customers.domain.listing import SORTS, Question
from services.runtime.failures import FieldCheck

STATES = ("ACTIVE", "INACTIVE", "MERGED", "DELETED")
LISTS = {
    "states": (customer_pb2.CustomerState, "CUSTOMER_STATE_", STATES),
    "lifecycle_stages": (CHOICES["lifecycle_stage"], PREFIXES["lifecycle_stage"], ()),
    "sources": (CHOICES["source"], PREFIXES["source"], ()),
    "customer_types": (CHOICES["customer_type"], PREFIXES["customer_type"], ()),
    "party_types": (CHOICES["party_type"], PREFIXES["party_type"], ()),
}
SPANS = tuple(
    f"{what}_{end}" for what in ("created", "updated", "last_interaction") for end in ("from", "before")
)  # fmt: skip
PRESENCES = ("has_email", "has_phone", "has_address")
HEAVY = ("contact_points", "external_ids", "identifiers", "metadata", "merged_customer_ids")


class Listed(Protocol):
    """One customer of a page."""

    @property
    def shown(self) -> Mapping[str, Any]: ...
    @property
    def total_conversations(self) -> int: ...
    @property
    def last_interaction(self) -> str: ...


class Page(Protocol):
    """What a list operation answers."""

    @property
    def listed(self) -> Sequence[Listed]: ...
    @property
    def next_page_token(self) -> str: ...
    @property
    def previous_page_token(self) -> str: ...
    @property
    def total_size(self) -> int: ...
    @property
    def estimated(self) -> bool: ...


def question_of(request: pb.ListCustomersRequest) -> Question:
    """The question that a request asks; FieldsInvalid names every wrong field."""
    check = FieldCheck()
    sort = SORTS[request.sort - 1] if 0 <= request.sort <= len(SORTS) else ""
    check.require(sort, "sort", f"is not one of {', '.join(SORTS)}")
    check.require(request.view in pb.CustomerListView.values(), "view", "is not one of FULL, BASIC")
    filtered = filter_of(request.filter, check)
    check.raise_if_any()
    return Question(**filtered, sort=sort if request.sort else SORTS[0], descending=request.descending)


def filter_of(wanted: pb.CustomerFilter, check: FieldCheck, path: str = "filter.") -> dict[str, Any]:
    """The conditions of a filter by their names in a Question; what is wrong is noted."""
    chosen = {name: _choices(wanted, name, check, path) for name in LISTS}
    return {
        **chosen,
        "states": chosen["states"] or LIVE_STATES,
        "text": wanted.text.strip(),
        "external_system": wanted.external_system.strip(),
        "created_by": wanted.created_by,
        "permitted": _permitted(wanted.permitted, check, path) if wanted.HasField("permitted") else None,
        "consents": tuple(
            _consent(one, f"{path}consents[{place}].", check) for place, one in enumerate(wanted.consents)
        ),
        "tags_any": tuple(dict.fromkeys(tag.strip() for tag in wanted.tags_any)),
        "tags_all": tuple(dict.fromkeys(tag.strip() for tag in wanted.tags_all)),
        **{name: getattr(wanted, name) for name in PRESENCES if wanted.HasField(name)},  # type: ignore[arg-type]
        **{name: _bound(wanted, name, path) for name in SPANS},
    }


def page_message(company_id: str, page: Page, view: pb.CustomerListView.ValueType) -> pb.ListCustomersResponse:
    """A page as a message."""
    light = view == pb.CUSTOMER_LIST_VIEW_BASIC
    return pb.ListCustomersResponse(
        customers=[_row(company_id, one.shown, light) for one in page.listed],
        conversation_figures=[_figures(one) for one in page.listed],
        next_page_token=page.next_page_token,
        previous_page_token=page.previous_page_token,
        total_size=page.total_size,
        total_size_estimated=page.estimated,
    )


def _row(company_id: str, shown: Mapping[str, Any], light: bool) -> customer_pb2.Customer:
    message = customer_message(company_id, shown)
    if light:
        for name in HEAVY:
            message.ClearField(name)  # type: ignore[arg-type]
    return message


def _figures(one: Listed) -> pb.ConversationFigures:
    last = timestamp(one.last_interaction) if one.last_interaction else None
    return pb.ConversationFigures(total_conversations=one.total_conversations, last_interaction_time=last)


def _choices(wanted: pb.CustomerFilter, name: str, check: FieldCheck, path: str) -> tuple[str, ...]:
    enum, prefix, known = LISTS[name]
    allowed = known or tuple(text.removeprefix(prefix) for text, number in enum.items() if number)
    numbers = {number: text.removeprefix(prefix) for text, number in enum.items()}
    found = sorted({numbers.get(number, "") for number in getattr(wanted, name) if number})
    check.require(set(found) <= set(allowed), path + name, f"takes {', '.join(allowed)}")
    return tuple(found)


def _permitted(wanted: pb.PermittedContact, check: FieldCheck, path: str) -> tuple[str, str]:
    channel = short_name(permission_pb.ContactChannel, wanted.channel, CHANNEL)
    purpose = short_name(permission_pb.ContactPurpose, wanted.purpose, PURPOSE)
    good = check.require(channel in CHANNELS, path + "permitted.channel", f"is not one of {', '.join(CHANNELS)}")
    good &= check.require(purpose in PURPOSES, path + "permitted.purpose", f"is not one of {', '.join(PURPOSES)}")
    return (channel, purpose) if good else ("POST", "LEGAL_NOTICE")


def _consent(wanted: pb.ConsentCondition, path: str, check: FieldCheck) -> tuple[str, tuple[str, ...]]:
    said = sorted({short_name(pb.ConsentAnswer, number, "CONSENT_ANSWER_") for number in wanted.answers if number})
    good = check.require(wanted.permission in CONSENTS, path + "permission", f"is not one of {', '.join(CONSENTS)}")
    good &= check.require(bool(said) and set(said) <= set(SAID), path + "answers", f"takes {', '.join(SAID)}")
    return (wanted.permission, tuple(said)) if good else ("do_not_contact", ())


def _bound(wanted: pb.CustomerFilter, name: str, path: str) -> datetime | None:
    time: Timestamp = getattr(wanted, name)
    return moment(time, path + name) if wanted.HasField(name) else None  # type: ignore[arg-type]
