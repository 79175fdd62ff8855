"""Customer messages: from drafts that writers send, and to what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Protocol

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from patronage.customers.v1 import customer_pb2 as pb
from patronage.customers.v1 import customer_service_pb2 as service_pb
from services.customers.convert.preferences import preferences_message
from services.customers.convert.times import timestamp
from services.customers.domain.preferences import WRITABLE as PREFERENCES
from services.runtime.failures import FieldsInvalid, FieldViolation

Json = Any

TEXTS = (
    "name",
    "given_name",
    "middle_name",
    "family_name",
    "title",
    "suffix",
    "organization",
    "email",
    "phone",
    "address",
    "birth_date_text",
    "source_campaign",
)
CHOICES: Mapping[str, Any] = {
    "party_type": pb.PartyType,
    "customer_type": pb.CustomerType,
    "lifecycle_stage": pb.LifecycleStage,
    "source": pb.CustomerSource,
}
PREFIXES = {
    "party_type": "PARTY_TYPE_",
    "customer_type": "CUSTOMER_TYPE_",
    "lifecycle_stage": "LIFECYCLE_STAGE_",
    "source": "CUSTOMER_SOURCE_",
}
NUMBERS: Mapping[str, Mapping[str, Any]] = {
    name: {text.removeprefix(prefix): number for text, number in choices.items()}
    for name, choices, prefix in (
        ("state", pb.CustomerState, "CUSTOMER_STATE_"),
        *((name, CHOICES[name], PREFIXES[name]) for name in CHOICES),
    )
}
POINT_KINDS = {text.removeprefix("CONTACT_POINT_KIND_"): number for text, number in pb.ContactPointKind.items()}
SHORT_FORMS = {"EMAIL": "email", "PHONE": "phone", "ADDRESS": "address"}
TIMES = {
    "created_at": "create_time",
    "updated_at": "update_time",
    "deleted_at": "delete_time",
    "lifecycle_stage_at": "lifecycle_stage_time",
}
SETS = ("contact_points", "external_ids", "identifiers", "tags")
WRITABLE = frozenset({*TEXTS, *CHOICES, *SETS, "birth_date", "metadata"})


class Found(Protocol):
    """What reading a customer answers."""

    @property
    def shown(self) -> Mapping[str, Json]: ...
    @property
    def merged_from(self) -> str: ...


def draft_of(message: pb.Customer) -> dict[str, Json]:
    """The populated writable fields of a customer message, as a draft."""
    draft: dict[str, Json] = {name: value for name in TEXTS if (value := getattr(message, name))}
    for name in CHOICES:
        if number := getattr(message, name):
            draft[name] = choice_name(name, number)
    if message.HasField("birth_date"):
        draft["birth_date"] = date_text(message.birth_date)
    if message.contact_points:
        draft["contact_points"] = [_point_draft(point) for point in message.contact_points]
    if message.external_ids:
        draft["external_ids"] = [
            {"system": item.system, "external_id": item.external_id} for item in message.external_ids
        ]
    for name in ("identifiers", "tags"):
        if words := getattr(message, name):
            draft[name] = list(words)
    if message.HasField("metadata"):
        draft["metadata"] = _plain(message.metadata)
    return draft


def update_paths(message: pb.Customer, mask: Sequence[str]) -> list[str]:
    """The fields that an update names: those of its mask, or without one the populated ones."""
    if not mask:
        return sorted(draft_of(message))
    wrong = [
        FieldViolation("update_mask", f'"{path[:80]}" is no writable field of Customer')
        for path in mask
        if path not in WRITABLE
    ]
    if wrong:
        raise FieldsInvalid(wrong)
    return list(dict.fromkeys(mask))


def choice_name(field: str, number: int) -> str:
    """The short name of a choice, such as "PERSON"; the number itself where the contract does not know it."""
    try:
        return CHOICES[field].Name(number).removeprefix(PREFIXES[field])  # type: ignore[no-any-return]
    except ValueError:
        return str(number)


def date_text(value: Date) -> str:
    """A date as YYYY-MM-DD; one with a part left out comes out as no possible date."""
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def customer_message(company_id: str, shown: Mapping[str, Json]) -> pb.Customer:
    """The message of what is shown: the data of a view with `customer_id`, `etag` and `revision`."""
    # One call with all values: a message that is filled field by field takes twice the time, and the feed sends many.
    message = pb.Customer(
        customer_id=shown["customer_id"],
        company_id=company_id,
        etag=shown["etag"],
        revision=shown["revision"],
        contact_points=[_point_message(point) for point in shown.get("contact_points", ())],
        external_ids=shown.get("external_ids", ()),
        identifiers=shown.get("identifiers", ()),
        tags=shown.get("tags", ()),
        merged_into=shown.get("merged_into", ""),
        merged_customer_ids=shown.get("merged_customer_ids", ()),
        created_by=shown["created_by"],
        updated_by=shown["updated_by"],
        **_plain_values(shown),
    )
    if birth_date := shown.get("birth_date"):
        day = date.fromisoformat(birth_date)
        message.birth_date.CopyFrom(Date(year=day.year, month=day.month, day=day.day))
    if metadata := shown.get("metadata"):
        message.metadata.update(metadata)
    if not shown.keys().isdisjoint(PREFERENCES):
        message.preferences.CopyFrom(preferences_message(shown))
    return message


def _plain_values(shown: Mapping[str, Json]) -> dict[str, Any]:
    points = shown.get("contact_points", ())
    return {
        **{name: shown[name] for name in TEXTS if shown.get(name)},
        **{SHORT_FORMS[point["kind"]]: point["value"] for point in points if point["primary"]},
        **{name: numbers[shown[name]] for name, numbers in NUMBERS.items() if shown.get(name)},
        **{name: _remembered_timestamp(shown[stored]) for stored, name in TIMES.items() if shown.get(stored)},
    }


def found_message(company_id: str, found: Found) -> service_pb.GetCustomerResponse:
    """The answer to a read."""
    return service_pb.GetCustomerResponse(
        customer=customer_message(company_id, found.shown), merged_from=found.merged_from
    )


def _plain(metadata: Struct) -> Json:
    """Free data as JSON; None where it holds a number that JSON does not know."""
    try:
        return json_format.MessageToDict(metadata)
    except ValueError:
        return None


def _point_draft(point: pb.ContactPoint) -> dict[str, Json]:
    try:
        kind = pb.ContactPointKind.Name(point.kind).removeprefix("CONTACT_POINT_KIND_")
    except ValueError:
        kind = ""
    draft: dict[str, Json] = {
        "kind": kind,
        "value": point.value,
        "primary": point.primary,
        "verified": point.verified,
        "source": point.source,
    }
    if point.HasField("postal_address"):
        postal = point.postal_address
        draft["postal_address"] = {field.name: value for field, value in postal.ListFields()}
    return draft


def _point_message(point: Mapping[str, Json]) -> pb.ContactPoint:
    return pb.ContactPoint(
        kind=POINT_KINDS[point["kind"]],
        value=point["value"],
        normalized_value=point["normalized_value"],
        primary=point["primary"],
        verified=point["verified"],
        source=point.get("source", ""),
        first_seen_time=_remembered_timestamp(point["first_seen"]),
        last_seen_time=_remembered_timestamp(point["last_seen"]),
        postal_address=point.get("postal_address"),
    )


@lru_cache(maxsize=1024)
def _remembered_timestamp(text: str) -> Timestamp:
    """For a value that is copied into a message; the times of one record are mostly the same."""
    return timestamp(text)
