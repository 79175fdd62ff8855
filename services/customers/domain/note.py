"""A note and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping

from services.customers.domain.children import Child, check_choice
from services.customers.domain.fields import Json
from services.runtime.failures import FieldCheck

NOTE_TYPES = ("GENERAL", "PERSONAL", "PREFERENCE", "ISSUE", "COMPLAINT", "FEEDBACK", "REQUEST")
VISIBILITIES = ("INTERNAL", "SHARED")
LONGEST_NOTE = 2000
WRITABLE = ("type", "content", "visibility")
DEFAULTS: Mapping[str, Json] = {"type": NOTE_TYPES[0], "content": "", "visibility": VISIBILITIES[0]}


def check_note(check: FieldCheck, note: Mapping[str, Json]) -> None:
    """Notes every wrong field of a note's content, whole."""
    content = note["content"]
    check_choice(check, "note.type", note["type"], NOTE_TYPES)
    check_choice(check, "note.visibility", note["visibility"], VISIBILITIES)
    filled = content.strip() and len(content) <= LONGEST_NOTE
    check.require(filled, "note.content", f"takes 1 to {LONGEST_NOTE} characters")
    check.require("\x00" not in content, "note.content", "holds a NUL character")


def with_changes(note: Child, draft: Mapping[str, Json], paths: list[str]) -> dict[str, Json]:
    """What a note holds after an update of the named fields; those that the draft leaves out get their default."""
    return {name: draft.get(name, DEFAULTS[name]) if name in paths else note[name] for name in WRITABLE}


def in_parts(text: str) -> list[str]:
    """A text of any length as the contents of notes, in order and with nothing left out but blanks at the ends."""
    text = text.strip()
    parts = [text[start : start + LONGEST_NOTE] for start in range(0, len(text), LONGEST_NOTE)]
    return [part for part in parts if part.strip()]
