"""Lists the engagements of a customer and of all that were merged into it, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.customers.operations import children
from services.customers.operations.children import ChildPage
from services.customers.operations.get_engagement import with_conversions
from services.customers.store.children import ENGAGEMENTS, Wanted
from services.runtime.database import Transaction


def list_engagements(
    tx: Transaction,
    customer_id: str,
    *,
    page_size: int,
    page_token: str,
    kinds: Sequence[str] = (),
    statuses: Sequence[str] = (),
) -> ChildPage:
    """One page of the kinds and statuses that are named, or of all. Raises FieldsInvalid, PageTokenMismatch,
    CustomerNotFound, CustomerDeleted."""
    wanted = Wanted({"kind": kinds, "status": statuses})
    page = children.listed(tx, ENGAGEMENTS, customer_id, wanted, page_size=page_size, page_token=page_token)
    return replace(page, children=with_conversions(tx, list(page.children)))
