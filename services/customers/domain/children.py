"""What belongs to a customer's record and is kept by the customer that it was written for: rows as JSON, and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.customers.domain.fields import Json
from services.runtime.failures import FieldCheck, FieldsInvalid, FieldViolation

Child = Mapping[str, Json]
"""A note, an activity or an engagement as stored: its columns as JSON, times in ISO 8601."""

LONGEST_TITLE = 255
LONGEST_DESCRIPTION = 4000


def etag_of(child: Child) -> str:
    """Changes with each change of the child."""
    return str(child["revision"])


def check_choice(check: FieldCheck, path: str, value: str, allowed: Sequence[str]) -> None:
    """Notes a value that is none of the allowed ones."""
    check.require(value in allowed, path, f"is not one of {', '.join(allowed)}")


def check_line(check: FieldCheck, path: str, text: str, longest: int = LONGEST_TITLE) -> None:
    """Notes a text that is empty or too long."""
    check.require(text.strip() and len(text) <= longest, path, f"takes 1 to {longest} characters")
    check.require("\x00" not in text, path, "holds a NUL character")


def check_text(check: FieldCheck, path: str, text: str, longest: int = LONGEST_DESCRIPTION) -> None:
    """Notes a text that is too long."""
    check.require(len(text) <= longest, path, f"takes up to {longest} characters")
    check.require("\x00" not in text, path, "holds a NUL character")


def named_paths(message: str, draft: Mapping[str, Json], mask: Sequence[str], writable: Sequence[str]) -> list[str]:
    """The fields that an update names: those of its mask, or without one the populated ones. Raises FieldsInvalid."""
    wrong = [
        FieldViolation("update_mask", f'"{path[:80]}" is no field of {message} that an update changes')
        for path in mask
        if path not in writable
    ]
    if wrong:
        raise FieldsInvalid(wrong)
    return list(dict.fromkeys(mask)) or [name for name in writable if name in draft]


def differs(child: Child, wanted: Mapping[str, Json]) -> bool:
    """Whether some columns shall be others than they are."""
    return any(_comparable(name, child[name]) != _comparable(name, value) for name, value in wanted.items())


def _comparable(name: str, value: Json) -> Json:
    """A value of a column; a time as such, since PostgreSQL and Python write the same one differently."""
    return datetime.fromisoformat(value) if name.endswith("_at") and value is not None else value
