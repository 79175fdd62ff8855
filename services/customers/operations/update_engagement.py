"""Changes an engagement; a status follows only those that its kind lets it follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.children import Child, differs, named_paths
from services.customers.domain.engagement import (
    FOLLOWING,
    GIVEN_UP,
    WRITABLE,
    check_engagement,
    require_transition,
    with_changes,
)
from services.customers.domain.failures import EngagementNotFound
from services.customers.domain.fields import Json
from services.customers.operations import children
from services.customers.operations.create_engagement import require_convertible, written
from services.customers.operations.get_engagement import with_conversions
from services.customers.operations.writing import utc_now
from services.customers.store import trees
from services.customers.store.children import ENGAGEMENTS
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


def update_engagement(
    tx: Transaction, engagement_id: str, draft: Mapping[str, Json], mask: Sequence[str], etag: str
) -> tuple[Child, ChangeToken]:
    """Sets the named fields; what changes nothing writes nothing.

    Raises FieldsInvalid, EngagementNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch, EngagementTransition.
    """
    paths = named_paths("Engagement", draft, mask, WRITABLE)
    before = children.locked(tx, ENGAGEMENTS, engagement_id, etag, EngagementNotFound)
    if before["deleted_at"] is not None:
        raise EngagementNotFound(engagement_id)
    check = FieldCheck()
    wanted = with_changes(check, before, draft, paths)
    check_engagement(check, before["kind"], wanted)
    check.raise_if_any()
    require_transition(before, wanted["status"])
    if not differs(before, wanted):
        return with_conversions(tx, [before])[0], tx.change_token()
    if wanted["status"] != before["status"]:
        _require_still_free(tx, before, wanted["status"])
        wanted["status_at"] = utc_now()
    after = children.change(tx, ENGAGEMENTS, before, wanted)
    token = written(tx, before, after, "engagement_changed")
    return with_conversions(tx, [after])[0], token


def _require_still_free(tx: Transaction, engagement: Child, wanted: str) -> None:
    """Where one that was given up is taken up again: what it was made from must not have become another one since."""
    taken_up = engagement["status"] in GIVEN_UP and wanted not in GIVEN_UP
    if engagement["converted_from"] and taken_up and wanted in FOLLOWING[engagement["kind"]]:
        stored = trees.lock_tree(tx, engagement["origin_customer_id"])
        require_convertible(tx, stored, engagement["kind"], engagement["converted_from"])
