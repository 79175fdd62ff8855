"""Adds tags to a customer."""

from __future__ import annotations

from collections.abc import Sequence

from services.customers.operations.changing import Changed, Planner, change
from services.customers.operations.tagging import check_tags, tagging
from services.runtime.database import Transaction


def add_tags(tx: Transaction, customer_id: str, tags: Sequence[str], etag: str) -> Changed:
    """Those that it has already change nothing.

    Raises FieldsInvalid, CustomerNotFound, CustomerDeleted, NotOwnRecord, EtagMismatch.
    """
    return change(tx, customer_id, adding_tags(check_tags(customer_id, tags), etag))


def adding_tags(tags: Sequence[str], etag: str = "") -> Planner:
    """The plan that adds checked tags."""
    return tagging(lambda before: before | set(tags), etag)
