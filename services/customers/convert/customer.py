"""Customer messages: from drafts that writers send, and to what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from patronage.customers.v1 import customer_pb2 as pb
from patronage.customers.v1 import customer_service_pb2 as service_pb
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
        draft["metadata"] = json_format.MessageToDict(message.metadata)
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
    message = pb.Customer(
        customer_id=shown["customer_id"],
        company_id=company_id,
        etag=shown["etag"],
        revision=shown["revision"],
        state=pb.CustomerState.Value("CUSTOMER_STATE_" + shown["state"]),
        identifiers=shown.get("identifiers", ()),
        tags=shown.get("tags", ()),
        merged_into=shown.get("merged_into", ""),
        merged_customer_ids=shown.get("merged_customer_ids", ()),
        create_time=timestamp(shown["created_at"]),
        update_time=timestamp(shown["updated_at"]),
        created_by=pb.Actor(**shown["created_by"]),
        updated_by=pb.Actor(**shown["updated_by"]),
    )
    for name in TEXTS:
        if value := shown.get(name):
            setattr(message, name, value)
    for name, prefix in PREFIXES.items():
        if value := shown.get(name):
            setattr(message, name, CHOICES[name].Value(prefix + value))
    _set_dates(message, shown)
    _set_items(message, shown)
    return message


def timestamp(text: str) -> Timestamp:
    """A time in ISO 8601 with its offset as a message."""
    message = Timestamp()
    message.FromDatetime(datetime.fromisoformat(text))
    return message


def moment(message: Timestamp, field: str) -> datetime:
    """A time message as a datetime in UTC; one out of range is wrong."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FieldsInvalid([FieldViolation(field, "is no possible time")]) from error


def found_message(company_id: str, found: Found) -> service_pb.GetCustomerResponse:
    """The answer to a read."""
    return service_pb.GetCustomerResponse(
        customer=customer_message(company_id, found.shown), merged_from=found.merged_from
    )


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


def _set_dates(message: pb.Customer, shown: Mapping[str, Json]) -> None:
    if birth_date := shown.get("birth_date"):
        day = date.fromisoformat(birth_date)
        message.birth_date.CopyFrom(Date(year=day.year, month=day.month, day=day.day))
    if entered := shown.get("lifecycle_stage_at"):
        message.lifecycle_stage_time.CopyFrom(timestamp(entered))
    if deleted := shown.get("deleted_at"):
        message.delete_time.CopyFrom(timestamp(deleted))
    if metadata := shown.get("metadata"):
        struct = Struct()
        struct.update(metadata)
        message.metadata.CopyFrom(struct)


def _set_items(message: pb.Customer, shown: Mapping[str, Json]) -> None:
    message.external_ids.extend(pb.ExternalId(**item) for item in shown.get("external_ids", ()))
    points = shown.get("contact_points", ())
    message.contact_points.extend(_point_message(point) for point in points)
    for kind, short in (("EMAIL", "email"), ("PHONE", "phone"), ("ADDRESS", "address")):
        if value := _primary_value(points, kind):
            setattr(message, short, value)


def _primary_value(points: Iterable[Mapping[str, Json]], kind: str) -> str:
    return next((point["value"] for point in points if point["kind"] == kind and point["primary"]), "")


def _point_message(point: Mapping[str, Json]) -> pb.ContactPoint:
    message = pb.ContactPoint(
        kind=pb.ContactPointKind.Value("CONTACT_POINT_KIND_" + point["kind"]),
        value=point["value"],
        normalized_value=point["normalized_value"],
        primary=point["primary"],
        verified=point["verified"],
        source=point.get("source", ""),
        first_seen_time=timestamp(point["first_seen"]),
        last_seen_time=timestamp(point["last_seen"]),
    )
    if postal := point.get("postal_address"):
        message.postal_address.CopyFrom(pb.PostalAddress(**postal))
    return message
