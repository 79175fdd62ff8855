"""Lists the activities of a customer and of all that were merged into it, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.customers.operations import children
from services.customers.operations.children import ChildPage
from services.customers.store.children import ACTIVITIES, Wanted
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck


def list_activities(
    tx: Transaction,
    customer_id: str,
    *,
    page_size: int,
    page_token: str,
    types: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
) -> ChildPage:
    """One page of the types that are named, or of all, in a span whose end is left out. Raises FieldsInvalid,
    PageTokenMismatch, CustomerNotFound, CustomerDeleted."""
    check = FieldCheck()
    check.require(start is None or end is None or start < end, "end_time", "must be later than start_time")
    check.raise_if_any()
    wanted = Wanted({"type": types}, start, end)
    return children.listed(tx, ACTIVITIES, customer_id, wanted, page_size=page_size, page_token=page_token)
