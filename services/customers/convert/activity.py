"""Activity messages."""

from __future__ import annotations

from patronage.customers.v1 import activity_service_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.customers.convert.choices import number_of, short_name
from services.customers.convert.times import time_text, timestamp
from services.customers.domain.children import Child, etag_of
from services.customers.domain.fields import Json

TYPE = "ACTIVITY_TYPE_"


def draft_of(message: pb.Activity) -> dict[str, Json]:
    """The populated writable fields of an activity."""
    fields: dict[str, Json] = {
        "type": short_name(pb.ActivityType, message.type, TYPE),
        "title": message.title,
        "description": message.description,
    }
    draft = {name: value for name, value in fields.items() if value}
    if message.HasField("activity_time"):
        draft["activity_time"] = time_text(message.activity_time)
    return draft


def activity_message(activity: Child) -> pb.Activity:
    """An activity as a message."""
    return pb.Activity(
        activity_id=activity["activity_id"],
        origin_customer_id=activity["origin_customer_id"],
        etag=etag_of(activity),
        type=number_of(pb.ActivityType, activity["type"], TYPE),
        title=activity["title"],
        description=activity["description"],
        activity_time=timestamp(activity["happened_at"]),
        automatic=activity["automatic"],
        engagement_id=activity["engagement_id"] or "",
        author=customer_pb2.Actor(subject=activity["author"], name=activity["author_name"]),
        create_time=timestamp(activity["created_at"]),
        update_time=timestamp(activity["updated_at"]),
    )
