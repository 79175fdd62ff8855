"""The states of a record and the moves between them; whether it is merged is a matter of edges."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.customers.domain.record import Actor, OwnRecord
from services.runtime.failures import FieldCheck

LONGEST_REASON = 500
STATE = "state"
"""Among the times of a record: when it was last moved to another state. No merge makes it survive."""


def in_state(root: OwnRecord, state: str, now: datetime, actor: Actor) -> OwnRecord:
    """The root's own record in another state of a live one: ACTIVE or INACTIVE."""
    return _moved(root, now, actor, state=state)


def deleted(root: OwnRecord, now: datetime, actor: Actor) -> OwnRecord:
    """The root's own record after a soft delete."""
    return _moved(root, now, actor, state="DELETED", deleted_at=now, state_before=root.state)


def undeleted(root: OwnRecord, now: datetime, actor: Actor) -> OwnRecord:
    """The root's own record after a delete is taken back: in the state that it had."""
    state = root.state_before or "ACTIVE"
    return _moved(root, now, actor, state=state, deleted_at=None, state_before="")


def _moved(root: OwnRecord, now: datetime, actor: Actor, **changes: Any) -> OwnRecord:
    return root.touched(now, actor, times={**root.times, STATE: now}, **changes)


def check_reason(check: FieldCheck, reason: str) -> None:
    """Notes what is wrong with the words that say why."""
    check.require(len(reason) <= LONGEST_REASON, "reason", f"takes up to {LONGEST_REASON} characters")
    check.require("\x00" not in reason, "reason", "holds a NUL character")
