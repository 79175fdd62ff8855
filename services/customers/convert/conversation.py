"""Conversation messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import conversation_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.customers.convert.choices import number_of, short_name
from services.customers.convert.times import moment, timestamp
from services.customers.domain.conversation import GIVEN_FIELDS, SAID, ConversationDraft, Interaction, etag_of
from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.domain.fields import Json
from services.runtime.failures import FieldsInvalid, FieldViolation

PREFIX = "LINK_SOURCE_"


def draft_of(message: pb.Conversation, wrong: list[FieldViolation]) -> ConversationDraft:
    """What a message says of a conversation; what cannot be read of it is noted as wrong."""
    return ConversationDraft(
        session_id=message.session_id,
        given={name: getattr(message, name).strip() for name in GIVEN_FIELDS},
        started_at=_moment(message, "start_time", "conversation.start_time", wrong),
        interactions=interactions_of(message.interactions, "conversation.interactions", wrong),
    )


def interactions_of(messages: Iterable[pb.Interaction], path: str, wrong: list[FieldViolation]) -> list[Interaction]:
    """What messages say of interactions."""
    return [
        Interaction(
            number=message.interaction_number,
            said={name: getattr(message, name) for name in SAID},
            time=_moment(message, "interaction_time", f"{path}[{place}].interaction_time", wrong),
        )
        for place, message in enumerate(messages)
    ]


def link_source(number: pb.LinkSource.ValueType) -> str:
    """The short name of the source of a link; empty where none is given."""
    return short_name(pb.LinkSource, number, PREFIX)


def span_of(request: Any) -> tuple[datetime | None, datetime | None]:
    """The bounds of a list. Raises FieldsInvalid."""
    wrong: list[FieldViolation] = []
    start, end = (_moment(request, name, name, wrong) for name in ("started_from", "started_before"))
    if wrong:
        raise FieldsInvalid(wrong)
    return start, end


def conversation_message(shown: Mapping[str, Json], *, whole: bool = True) -> pb.Conversation:
    """A conversation as a message, with what was said where that is shown and wanted."""
    message = pb.Conversation(
        **{name: shown[name] for name in ("conversation_id", "session_id", *GIVEN_FIELDS, "summary", "topics")},
        origin_customer_id=shown["origin_customer_id"] or "",
        unlinked_customer_id=shown["unlinked_from"] or "",
        interactions=[_interaction_message(turn) for turn in shown.get("said", ())] if whole else [],
        interaction_count=shown["interactions"],
        average_interaction_length=shown["characters"] / shown["interactions"] if shown["interactions"] else 0.0,
        start_time=timestamp(shown["first_at"]),
        last_interaction_time=timestamp(shown["last_at"]),
        link_source=number_of(pb.LinkSource, shown["link_source"], PREFIX),
        create_time=timestamp(shown["created_at"]),
        update_time=timestamp(shown["updated_at"]),
        created_by=customer_pb2.Actor(subject=shown["created_by"], name=shown["created_by_name"]),
        etag=etag_of(shown["conversation_id"], shown["revision"]),
        revision=shown["revision"],
        deleted=shown.get("deleted", False),
    )
    if shown["linked_at"]:
        message.link_time.CopyFrom(timestamp(shown["linked_at"]))
        message.linked_by.CopyFrom(customer_pb2.Actor(subject=shown["linked_by"], name=shown["linked_by_name"]))
    if shown["summarized_at"]:
        message.summary_time.CopyFrom(timestamp(shown["summarized_at"]))
    return message


def summary_message(shown: Mapping[str, Json]) -> pb.ConversationSummary:
    """What a conversation was about."""
    return pb.ConversationSummary(
        **{name: shown[name] for name in ("conversation_id", "session_id", "summary", "topics")},
        origin_customer_id=shown["origin_customer_id"] or "",
        interaction_count=shown["interactions"],
        first_interaction_time=timestamp(shown["first_at"]),
        last_interaction_time=timestamp(shown["last_at"]),
        create_time=timestamp(shown["created_at"]),
        update_time=timestamp(shown["summarized_at"]),
    )


def metrics_message(metrics: ConversationMetrics) -> pb.ConversationMetrics:
    """Figures as a message."""
    message = pb.ConversationMetrics(
        total_conversations=metrics.conversations,
        total_interactions=metrics.interactions,
        average_interaction_length=metrics.average_interaction_length,
    )
    if metrics.first_at is not None and metrics.last_at is not None:
        message.first_interaction_time.FromDatetime(metrics.first_at)
        message.last_interaction_time.FromDatetime(metrics.last_at)
    return message


def _interaction_message(turn: Mapping[str, Json]) -> pb.Interaction:
    return pb.Interaction(
        interaction_number=turn["interaction_number"],
        **{name: turn[name] for name in SAID},
        interaction_time=timestamp(turn["interaction_time"]),
    )


def _moment(message: Message, name: str, path: str, wrong: list[FieldViolation]) -> datetime | None:
    """The time in a field; None where it is absent or wrong, which is noted."""
    if not message.HasField(name):
        return None
    value: Timestamp = getattr(message, name)
    try:
        return moment(value, path)
    except FieldsInvalid as failure:
        wrong.extend(failure.fields)
        return None
