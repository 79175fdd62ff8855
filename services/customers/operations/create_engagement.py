"""Adds an engagement to a customer, maybe made from another one."""

from __future__ import annotations

from collections.abc import Mapping

from services.customers.domain.children import Child
from services.customers.domain.engagement import COMES_FROM, GIVEN_UP, check_engagement, content_of
from services.customers.domain.fields import Json
from services.customers.operations import children
from services.customers.operations.create_activity import log_engagement
from services.customers.operations.guard import require_writable
from services.customers.operations.writing import utc_now
from services.customers.store import engagements, records, trees
from services.customers.store.children import ENGAGEMENTS, find
from services.customers.store.rows import Event
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck, FieldsInvalid, FieldViolation
from services.runtime.freshness import ChangeToken
from services.runtime.ids import is_id


def create_engagement(tx: Transaction, customer_id: str, draft: Mapping[str, Json]) -> tuple[Child, ChangeToken]:
    """Stores an engagement. Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord.

    The tree is locked, so that a deletion sees the job, or the job the deletion.
    """
    check, kind, source = FieldCheck(), draft.get("kind", ""), draft.get("converted_from", "")
    content = content_of(check, draft)
    check.require(customer_id, "customer_id", "is required")
    check_engagement(check, kind, content)
    check.require(not source or is_id(source), "engagement.converted_from", "is no UUID")
    check.raise_if_any()
    stored = trees.lock_tree(tx, customer_id)
    require_writable(tx, stored.root)
    if source and content["status"] not in GIVEN_UP:
        require_convertible(tx, stored, kind, source)
    values = {**content, "kind": kind, "converted_from": source.lower() or None, "status_at": utc_now()}
    engagement = children.add(tx, ENGAGEMENTS, customer_id, values)
    return engagement, written(tx, None, engagement, "engagement_added")


def require_convertible(tx: Transaction, stored: StoredTree, kind: str, source_id: str) -> None:
    """Raises FieldsInvalid where an engagement of a kind cannot be made from another one."""
    source = find(tx, ENGAGEMENTS, source_id)
    other = engagements.conversions(tx, [source_id.lower()]).get(source_id.lower())
    if source is None or source["deleted_at"] is not None or source["origin_customer_id"] not in stored.rows:
        problem = "is no engagement of this customer"
    elif source["kind"] not in COMES_FROM[kind]:
        problem = (
            f"is a {source['kind'].lower()}; a {kind.lower()} is made from {' or '.join(COMES_FROM[kind]).lower()}"
        )
    elif other is not None:
        problem = f"became {other} already"
    else:
        return
    raise FieldsInvalid([FieldViolation("engagement.converted_from", problem)])


def written(tx: Transaction, before: Child | None, after: Child, kind: str) -> ChangeToken:
    """What follows from every change of an engagement: a feed entry, an automatic activity, a timeline event."""
    engagements.announce(tx, after)
    if after["deleted_at"] is None:
        log_engagement(tx, before, after)
    data = {"engagement_id": after["engagement_id"], "kind": after["kind"], "status": after["status"]}
    moved = before is not None and before["status"] != after["status"]
    return records.add_events(
        tx, [Event(after["origin_customer_id"], kind, {**data, "from": before["status"]} if moved and before else data)]
    )
