"""An engagement: its kinds, the statuses of each and which may follow which, and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.children import Child, check_choice, check_line, check_text
from services.customers.domain.failures import EngagementTransition
from services.customers.domain.fields import Json
from services.money.minor_units import minor_units
from services.runtime.failures import FieldCheck

FOLLOWING: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "LEAD": {
        "NEW": ("QUALIFIED", "CONVERTED", "LOST"),
        "QUALIFIED": ("CONVERTED", "LOST"),
        "CONVERTED": (),
        "LOST": ("NEW",),
    },
    "OFFER": {
        "DRAFT": ("SENT", "ACCEPTED", "CANCELLED"),
        "SENT": ("ACCEPTED", "REJECTED", "EXPIRED", "CANCELLED"),
        "ACCEPTED": ("CANCELLED",),
        "REJECTED": ("SENT",),
        "EXPIRED": ("SENT",),
        "CANCELLED": (),
    },
    "BOOKING": {
        "REQUESTED": ("CONFIRMED", "COMPLETED", "CANCELLED"),
        "CONFIRMED": ("COMPLETED", "NO_SHOW", "CANCELLED"),
        "COMPLETED": (),
        "NO_SHOW": ("CONFIRMED",),
        "CANCELLED": (),
    },
    "JOB": {
        "SCHEDULED": ("IN_PROGRESS", "ON_HOLD", "COMPLETED", "CANCELLED"),
        "IN_PROGRESS": ("ON_HOLD", "COMPLETED", "CANCELLED"),
        "ON_HOLD": ("SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELLED"),
        "COMPLETED": (),
        "CANCELLED": (),
    },
}
"""For each kind its statuses, the first one first, and for each of those what it may become."""

KINDS = tuple(FOLLOWING)
STATUSES = tuple(dict.fromkeys(status for statuses in FOLLOWING.values() for status in statuses))
COMES_FROM: Mapping[str, tuple[str, ...]] = {
    "LEAD": (),
    "OFFER": ("LEAD",),
    "BOOKING": ("LEAD", "OFFER"),
    "JOB": ("LEAD", "OFFER", "BOOKING"),
}
GIVEN_UP = ("LOST", "REJECTED", "EXPIRED", "NO_SHOW", "CANCELLED")
BLOCKING = ("SCHEDULED", "IN_PROGRESS", "ON_HOLD")
CLEARED: Mapping[str, Json] = {"status": "", "title": "", "description": "", "value": None, "scheduled_time": None}
WRITABLE = tuple(CLEARED)
Columns = dict[str, Json]


def blocks_deletion(engagement: Child) -> bool:
    """Whether it keeps its customer from being deleted."""
    return engagement["kind"] == "JOB" and engagement["status"] in BLOCKING and engagement["deleted_at"] is None


def check_engagement(check: FieldCheck, kind: str, content: Columns) -> None:
    """Notes every wrong field of an engagement's columns, whole, but for the amount, which is checked as it is read."""
    check_choice(check, "engagement.kind", kind, KINDS)
    if kind in KINDS:
        check_choice(check, "engagement.status", content["status"], tuple(FOLLOWING[kind]))
    check_line(check, "engagement.title", content["title"])
    check_text(check, "engagement.description", content["description"])
    check.require(content["scheduled_at"] != "", "engagement.scheduled_time", "is no possible time")


def content_of(check: FieldCheck, draft: Mapping[str, Json]) -> Columns:
    """The columns of a new engagement, with the first status of its kind where none is given."""
    content = _columns(check, {name: draft.get(name, CLEARED[name]) for name in WRITABLE})
    statuses = FOLLOWING.get(draft.get("kind", ""), {"": ()})
    return {**content, "status": content["status"] or next(iter(statuses))}


def with_changes(check: FieldCheck, engagement: Child, draft: Mapping[str, Json], paths: Sequence[str]) -> Columns:
    """The columns of an engagement after an update of the named fields."""
    named = _columns(check, {name: draft.get(name, CLEARED[name]) for name in paths})
    columns = ("status", "title", "description", "value_minor", "currency", "scheduled_at")
    return {name: named.get(name, engagement[name]) for name in columns}


def require_transition(engagement: Child, wanted: str) -> None:
    """Raises EngagementTransition where a status does not follow the one that the engagement has."""
    kind, status = engagement["kind"], engagement["status"]
    if wanted != status and wanted not in FOLLOWING[kind][status]:
        raise EngagementTransition(kind.lower(), status, wanted, FOLLOWING[kind][status])


def _columns(check: FieldCheck, fields: Columns) -> Columns:
    """Fields by the names of their columns, an amount as minor units and currency; a wrong one is noted."""
    columns = {"scheduled_at" if name == "scheduled_time" else name: value for name, value in fields.items()}
    if "value" in columns:
        amount = columns.pop("value")
        columns["currency"] = amount[0] if amount else None
        columns["value_minor"] = minor_units(check, "engagement.value", *amount) if amount else None
    return columns
