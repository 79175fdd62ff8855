"""Changes an activity that people noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.activity import WRITABLE, check_activity, with_changes
from services.customers.domain.children import Child, differs, named_paths
from services.customers.domain.failures import ActivityNotFound, WrittenBySystem
from services.customers.domain.fields import Json
from services.customers.operations import children
from services.customers.operations.create_activity import activity_event
from services.customers.store import records
from services.customers.store.children import ACTIVITIES
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


def update_activity(
    tx: Transaction, activity_id: str, draft: Mapping[str, Json], mask: Sequence[str], etag: str
) -> tuple[Child, ChangeToken]:
    """Sets the named fields; what changes nothing writes nothing.

    Raises FieldsInvalid, ActivityNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch, WrittenBySystem.
    """
    paths = named_paths("Activity", draft, mask, WRITABLE)
    activity = children.locked(tx, ACTIVITIES, activity_id, etag, ActivityNotFound)
    if activity["deleted_at"] is not None:
        raise ActivityNotFound(activity_id)
    if activity["automatic"]:
        raise WrittenBySystem("activity", activity["activity_id"])
    wanted = with_changes(activity, draft, paths)
    check = FieldCheck()
    check_activity(check, wanted)
    check.raise_if_any()
    if not differs(activity, wanted):
        return activity, tx.change_token()
    stored = children.change(tx, ACTIVITIES, activity, wanted)
    return stored, records.add_events(tx, [activity_event("activity_changed", stored)])
