"""Adds an activity to a customer, by a person or by a change of an engagement."""

from __future__ import annotations

from collections.abc import Mapping

from services.customers.domain.activity import check_activity, content_of, logged_activity
from services.customers.domain.children import Child
from services.customers.domain.fields import Json
from services.customers.operations import children
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import utc_now
from services.customers.store import records, trees
from services.customers.store.children import ACTIVITIES
from services.customers.store.rows import Event
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


def create_activity(tx: Transaction, customer_id: str, draft: Mapping[str, Json]) -> tuple[Child, ChangeToken]:
    """Stores an activity whose author is the caller; without a time it is of now.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord.
    """
    activity = content_of(draft, utc_now().isoformat())
    check = FieldCheck()
    check.require(customer_id, "customer_id", "is required")
    check_activity(check, activity)
    check.raise_if_any()
    require_writable(tx, trees.read_tree(tx, customer_id).root)
    stored = children.add(tx, ACTIVITIES, customer_id, {**activity, "automatic": False, "engagement_id": None})
    return stored, records.add_events(tx, [activity_event("activity_added", stored)])


def log_engagement(tx: Transaction, before: Child | None, after: Child) -> None:
    """Stores the activity that a change of an engagement is, if it is one."""
    activity = logged_activity(before, after)
    if activity is not None:
        automatic = {"automatic": True, "engagement_id": after["engagement_id"], "happened_at": utc_now()}
        children.add(tx, ACTIVITIES, after["origin_customer_id"], {**activity, **automatic})


def activity_event(kind: str, activity: Child) -> Event:
    """The entry of the timeline that says what happened to an activity."""
    data = {"activity_id": activity["activity_id"], "type": activity["type"]}
    return Event(activity["origin_customer_id"], kind, data)
