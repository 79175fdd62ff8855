"""Engagement messages."""

from __future__ import annotations

from google.type.money_pb2 import Money

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import engagement_service_pb2 as pb
from services.customers.convert.choices import number_of, short_name
from services.customers.convert.times import time_text, timestamp
from services.customers.domain.children import Child, etag_of
from services.customers.domain.engagement import blocks_deletion
from services.customers.domain.fields import Json
from services.money.minor_units import units_and_nanos

KIND, STATUS = "ENGAGEMENT_KIND_", "ENGAGEMENT_STATUS_"
TIMES = {"scheduled_at": "scheduled_time", "deleted_at": "delete_time"}


def draft_of(message: pb.Engagement) -> dict[str, Json]:
    """The populated writable fields of an engagement; its value as currency, units and nanos."""
    fields: dict[str, Json] = {
        "kind": short_name(pb.EngagementKind, message.kind, KIND),
        "status": short_name(pb.EngagementStatus, message.status, STATUS),
        "title": message.title,
        "description": message.description,
        "converted_from": message.converted_from,
    }
    draft = {name: value for name, value in fields.items() if value}
    if message.HasField("value"):
        draft["value"] = (message.value.currency_code, message.value.units, message.value.nanos)
    if message.HasField("scheduled_time"):
        draft["scheduled_time"] = time_text(message.scheduled_time)
    return draft


def engagement_message(engagement: Child) -> pb.Engagement:
    """An engagement as a message."""
    message = pb.Engagement(
        engagement_id=engagement["engagement_id"],
        origin_customer_id=engagement["origin_customer_id"],
        etag=etag_of(engagement),
        revision=engagement["revision"],
        kind=number_of(pb.EngagementKind, engagement["kind"], KIND),
        status=number_of(pb.EngagementStatus, engagement["status"], STATUS),
        title=engagement["title"],
        description=engagement["description"],
        converted_from=engagement["converted_from"] or "",
        converted_to=engagement.get("converted_to") or "",
        blocks_deletion=blocks_deletion(engagement),
        status_time=timestamp(engagement["status_at"]),
        create_time=timestamp(engagement["created_at"]),
        update_time=timestamp(engagement["updated_at"]),
        created_by=customer_pb2.Actor(subject=engagement["author"], name=engagement["author_name"]),
        updated_by=customer_pb2.Actor(subject=engagement["updated_by"], name=engagement["updated_by_name"]),
    )
    for column, name in TIMES.items():
        if engagement[column] is not None:
            getattr(message, name).CopyFrom(timestamp(engagement[column]))
    if engagement["value_minor"] is not None:
        units, nanos = units_and_nanos(engagement["value_minor"], engagement["currency"])
        message.value.CopyFrom(Money(currency_code=engagement["currency"], units=units, nanos=nanos))
    return message
