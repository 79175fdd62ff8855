"""An activity and what it may hold, and which activity a change of an engagement is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.children import Child, check_choice, check_line, check_text
from services.customers.domain.fields import Json
from services.runtime.failures import FieldCheck

BY_PEOPLE = ("CALL", "EMAIL", "MEETING", "NOTE", "BOOKING", "OTHER")
ACTIVITY_TYPES = (*BY_PEOPLE, "JOB", "STATUS_CHANGE")
CLEARED: Mapping[str, Json] = {"type": "", "title": "", "description": "", "activity_time": None}
WRITABLE = tuple(CLEARED)


def check_activity(check: FieldCheck, activity: Mapping[str, Json]) -> None:
    """Notes every wrong field of an activity's columns, whole."""
    check_choice(check, "activity.type", activity["type"], BY_PEOPLE)
    check_line(check, "activity.title", activity["title"])
    check_text(check, "activity.description", activity["description"])
    check.require(activity["happened_at"] is not None, "activity.activity_time", "cannot be cleared")
    check.require(activity["happened_at"] != "", "activity.activity_time", "is no possible time")


def content_of(draft: Mapping[str, Json], now: str) -> dict[str, Json]:
    """The columns of a new activity; without a time it is of now."""
    return _columns({**CLEARED, "activity_time": now, **draft})


def with_changes(activity: Child, draft: Mapping[str, Json], paths: Sequence[str]) -> dict[str, Json]:
    """The columns of an activity after an update of the named fields."""
    named = _columns({name: draft.get(name, CLEARED[name]) for name in paths})
    return {name: named.get(name, activity[name]) for name in _columns(CLEARED)}


def logged_activity(before: Child | None, after: Child) -> dict[str, Json] | None:
    """The activity that a change of an engagement logs: a new booking, a job done, another status; else None."""
    kind, status, title = after["kind"], after["status"], after["title"]
    if before is None:
        return {"type": "BOOKING", "title": title, "description": ""} if kind == "BOOKING" else None
    if status == before["status"]:
        return None
    words = f"{kind.capitalize()}: {before['status']} to {status}"
    done = kind == "JOB" and status == "COMPLETED"
    return {"type": "JOB" if done else "STATUS_CHANGE", "title": title, "description": words}


def _columns(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {"happened_at" if name == "activity_time" else name: value for name, value in fields.items()}
