"""Takes tags off a customer."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.operations.changing import Changed, Planner, change
from services.customers.operations.tagging import check_tags, tagging
from services.runtime.database import Transaction


def remove_tags(tx: Transaction, customer_id: str, tags: Sequence[str], etag: str) -> Changed:
    """Those that it does not have change nothing.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    return change(tx, customer_id, removing_tags(check_tags(customer_id, tags), etag))


def removing_tags(tags: Sequence[str], etag: str = "") -> Planner:
    """The plan that takes checked tags off."""
    return tagging(lambda before: before - set(tags), etag)
