"""Timeline messages."""

from __future__ import annotations

from collections.abc import Mapping

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import timeline_pb2 as pb
from services.customers.convert.activity import activity_message
from services.customers.convert.choices import number_of, short_names
from services.customers.convert.conversation import summary_message
from services.customers.convert.engagement import engagement_message
from services.customers.convert.note import note_message
from services.customers.convert.times import timestamp
from services.customers.domain.fields import Json
from services.customers.domain.timeline import TimelineEntry

KIND, TYPE = "TIMELINE_KIND_", "EVENT_TYPE_"


def kinds_of(request: pb.ListTimelineRequest) -> list[str]:
    """The kinds that a request names. Raises FieldsInvalid."""
    return short_names(pb.TimelineKind, request.kinds, KIND, "kinds")


def event_types_of(request: pb.ListTimelineRequest) -> list[str]:
    """The types of events that a request names, as they are stored. Raises FieldsInvalid."""
    return [name.lower() for name in short_names(pb.EventType, request.event_types, TYPE, "event_types")]


def entry_message(entry: TimelineEntry) -> pb.TimelineEntry:
    """An entry as a message."""
    message = pb.TimelineEntry(
        kind=number_of(pb.TimelineKind, entry.kind, KIND),
        time=timestamp(entry.place.at),
        origin_customer_id=entry.origin_customer_id,
    )
    match entry.kind:
        case "ACTIVITY":
            message.activity.CopyFrom(activity_message(entry.shown))
        case "NOTE":
            message.note.CopyFrom(note_message(entry.shown))
        case "CONVERSATION_SUMMARY":
            message.conversation_summary.CopyFrom(summary_message(entry.shown))
        case "ENGAGEMENT":
            message.engagement.CopyFrom(engagement_message(entry.shown))
        case _:
            message.event.CopyFrom(_event_message(entry.shown))
    return message


def _event_message(event: Mapping[str, Json]) -> pb.TimelineEvent:
    message = pb.TimelineEvent(
        event_id=event["event_id"],
        type=number_of(pb.EventType, event["type"].upper(), TYPE),
        actor=customer_pb2.Actor(subject=event["actor"], name=event["actor_name"]),
    )
    message.data.update(event["data"])
    return message
