"""Entries of the audit log, and what differs between a row before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.customers.domain.fields import Json
from services.customers.domain.record import Actor

Values = Mapping[str, Json]

BOOKKEEPING = frozenset({"company_id", "etag", "revision", "updated_at", "updated_by", "updated_by_name", "times"})
"""Changes with each change and says nothing of it."""


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which entries: of these customers, or of all for None; of this actor, or of anybody; from and before a time."""

    customer_ids: tuple[str, ...] | None = None
    actor: str = ""
    from_time: datetime | None = None
    before_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change of a row: what it was and is, by whom, when, from where and with which program."""

    number: int
    table: str
    record_id: str
    customer_id: str
    action: str
    old_values: Values | None
    new_values: Values | None
    actor: Actor
    changed_at: datetime
    peer: str
    user_agent: str
    request_id: str

    @property
    def changed_fields(self) -> list[str]:
        """What differs, sorted: fields of a customer by their own names, columns of other rows."""
        old, new = _told(self.old_values or {}), _told(self.new_values or {})
        return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _told(values: Values) -> dict[str, Json]:
    """The parts of a row by name; of a customer those of its own record, with each unit that was edited over it."""
    told: dict[str, Json] = {}
    for name, value in values.items():
        if name == "own":
            told |= _told({part: said for part, said in value.items() if part not in {"fields", "overlay"}})
            told |= value["fields"]
            for edit in value["overlay"]:
                told[edit["unit"]] = (told.get(edit["unit"]), edit)
        elif name not in BOOKKEEPING:
            told[name] = value
    return told
