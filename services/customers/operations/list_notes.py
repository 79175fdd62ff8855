"""Lists the notes of a customer and of all that were merged into it, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.operations import children
from services.customers.operations.children import ChildPage
from services.customers.store.children import NOTES, Wanted
from services.runtime.database import Transaction


def list_notes(
    tx: Transaction,
    customer_id: str,
    *,
    page_size: int,
    page_token: str,
    types: Sequence[str] = (),
    visibilities: Sequence[str] = (),
) -> ChildPage:
    """One page of the types and visibilities that are named, or of all. Raises FieldsInvalid, PageTokenMismatch,
    CustomerNotFound, CustomerDeleted."""
    wanted = Wanted({"type": types, "visibility": visibilities})
    return children.listed(tx, NOTES, customer_id, wanted, page_size=page_size, page_token=page_token)
