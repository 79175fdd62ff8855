"""Note messages."""

from __future__ import annotations

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import note_service_pb2 as pb
from services.customers.convert.choices import number_of, short_name
from services.customers.convert.times import timestamp
from services.customers.domain.children import Child, etag_of
from services.customers.domain.fields import Json

TYPE, VISIBILITY = "NOTE_TYPE_", "NOTE_VISIBILITY_"


def draft_of(message: pb.Note) -> dict[str, Json]:
    """The populated writable fields of a note."""
    draft = {
        "type": short_name(pb.NoteType, message.type, TYPE),
        "visibility": short_name(pb.NoteVisibility, message.visibility, VISIBILITY),
        "content": message.content,
    }
    return {name: value for name, value in draft.items() if value}


def note_message(note: Child) -> pb.Note:
    """A note as a message."""
    message = pb.Note(
        note_id=note["note_id"],
        origin_customer_id=note["origin_customer_id"],
        etag=etag_of(note),
        type=number_of(pb.NoteType, note["type"], TYPE),
        content=note["content"],
        visibility=number_of(pb.NoteVisibility, note["visibility"], VISIBILITY),
        author=customer_pb2.Actor(subject=note["author"], name=note["author_name"]),
        create_time=timestamp(note["created_at"]),
        automatic=note["automatic"],
        conversation_id=note["conversation_id"] or "",
    )
    if note["revision"] > 1:
        message.update_time.CopyFrom(timestamp(note["updated_at"]))
        message.updated_by.CopyFrom(customer_pb2.Actor(subject=note["updated_by"], name=note["updated_by_name"]))
    return message
