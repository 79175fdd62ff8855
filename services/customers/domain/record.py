"""A customer's own record: what writers wrote for one id, which no merge changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.customers.domain.fields import Fields, Json
from services.customers.domain.times import time_text


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: the subject and the name of a token."""

    subject: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit made on a root while others were merged into it.

    `values` replaces the fields of a unit. Of a set field `added` are items that were not shown before, `changed` ones
    that were, as they are since (where somebody still has them), and `removed` the keys of items to take out.
    """

    time: datetime
    unit: str
    values: Fields = field(default_factory=dict)
    added: tuple[Json, ...] = ()
    changed: tuple[Json, ...] = ()
    removed: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What writers wrote for one customer id.

    `times` says for each unit, and for the state, when it was last written. `overlay` holds, oldest first, the edits
    made while others were merged in. `state` is ACTIVE, INACTIVE, DELETED or ERASED: whether it is merged is a matter
    of edges. Of a deleted one `state_before` is the state that it had.
    """

    fields: Fields
    times: Mapping[str, datetime]
    created_at: datetime
    updated_at: datetime
    created_by: Actor
    updated_by: Actor
    state: str = "ACTIVE"
    deleted_at: datetime | None = None
    overlay: tuple[Edit, ...] = ()
    state_before: str = ""

    def touched(self, now: datetime, actor: Actor, **changes: Any) -> OwnRecord:
        """The record after a change of other parts of it by an actor at a time."""
        return replace(self, updated_at=now, updated_by=actor, **changes)


def to_json(own: OwnRecord) -> dict[str, Json]:
    """The record as stored."""
    data = {
        "fields": own.fields,
        "times": {unit: time_text(time) for unit, time in own.times.items()},
        "created_at": time_text(own.created_at),
        "updated_at": time_text(own.updated_at),
        "created_by": actor_to_json(own.created_by),
        "updated_by": actor_to_json(own.updated_by),
        "state": own.state,
        "deleted_at": time_text(own.deleted_at) if own.deleted_at else None,
        "overlay": [_edit_to_json(edit) for edit in own.overlay],
    }
    return data | ({"state_before": own.state_before} if own.state_before else {})


def from_json(data: Mapping[str, Json]) -> OwnRecord:
    """The record from what is stored."""
    return OwnRecord(
        fields=data["fields"],
        times={unit: datetime.fromisoformat(time) for unit, time in data["times"].items()},
        created_at=datetime.fromisoformat(data["created_at"]),
        updated_at=datetime.fromisoformat(data["updated_at"]),
        created_by=Actor(**data["created_by"]),
        updated_by=Actor(**data["updated_by"]),
        state=data["state"],
        deleted_at=datetime.fromisoformat(data["deleted_at"]) if data["deleted_at"] else None,
        overlay=tuple(_edit_from_json(edit) for edit in data["overlay"]),
        state_before=data.get("state_before", ""),
    )


def actor_to_json(actor: Actor) -> dict[str, str]:
    """An actor as stored."""
    return {"subject": actor.subject, "name": actor.name}


def _edit_to_json(edit: Edit) -> dict[str, Json]:
    return {
        "time": time_text(edit.time),
        "unit": edit.unit,
        "values": edit.values,
        "added": list(edit.added),
        "changed": list(edit.changed),
        "removed": [list(key) for key in edit.removed],
    }


def _edit_from_json(data: Mapping[str, Json]) -> Edit:
    return Edit(
        time=datetime.fromisoformat(data["time"]),
        unit=data["unit"],
        values=data["values"],
        added=tuple(data["added"]),
        changed=tuple(data["changed"]),
        removed=tuple(tuple(key) for key in data["removed"]),
    )
