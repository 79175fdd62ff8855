"""Note messages."""

from __future__ import annotations

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import note_service_pb2 as pb
from services.customers.convert.customer import timestamp
from services.customers.domain.note import Note


def note_type(message: pb.Note) -> str:
    """The short name of a note's type; GENERAL where none is given."""
    return _name(pb.NoteType, message.type, "NOTE_TYPE_", "GENERAL")


def visibility(message: pb.Note) -> str:
    """The short name of a note's visibility; INTERNAL where none is given."""
    return _name(pb.NoteVisibility, message.visibility, "NOTE_VISIBILITY_", "INTERNAL")


def note_message(note: Note) -> pb.Note:
    """A note as a message."""
    return pb.Note(
        note_id=note.note_id,
        origin_customer_id=note.origin_customer_id,
        type=pb.NoteType.Value("NOTE_TYPE_" + note.type),
        content=note.content,
        visibility=pb.NoteVisibility.Value("NOTE_VISIBILITY_" + note.visibility),
        author=customer_pb2.Actor(subject=note.author.subject, name=note.author.name),
        create_time=timestamp(note.created_at.isoformat()),
    )


def _name(enum: object, number: int, prefix: str, default: str) -> str:
    if not number:
        return default
    try:
        return enum.Name(number).removeprefix(prefix)  # type: ignore[attr-defined,no-any-return]
    except ValueError:
        return ""
