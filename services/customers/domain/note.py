"""A note and what it may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.record import Actor
from services.runtime.failures import FieldCheck

NOTE_TYPES = ("GENERAL", "PERSONAL", "PREFERENCE", "ISSUE", "COMPLAINT", "FEEDBACK", "REQUEST")
VISIBILITIES = ("INTERNAL", "SHARED")
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Note:
    """A note as stored, with the customer that it was written for."""

    note_id: str
    origin_customer_id: str
    type: str
    visibility: str
    content: str
    author: Actor
    created_at: datetime


def check_note(customer_id: str, type_: str, visibility: str, content: str) -> None:
    """Raises FieldsInvalid with every wrong field of a request."""
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check.require(type_ in NOTE_TYPES, "note.type", f"is not one of {', '.join(NOTE_TYPES)}")
    check.require(visibility in VISIBILITIES, "note.visibility", f"is not one of {', '.join(VISIBILITIES)}")
    filled = content.strip() and len(content) <= LONGEST_NOTE
    check.require(filled, "note.content", f"takes 1 to {LONGEST_NOTE} characters")
    check.require("\x00" not in content, "note.content", "holds a NUL character")
    check.raise_if_any()
