"""Reads what a customer likes and agrees to."""

from __future__ import annotations

from services.customers.domain.fields import Json
from services.customers.operations.get_customer import get_customer
from services.runtime.database import Reader, Transaction


def get_preferences(reader: Reader | Transaction, customer_id: str) -> dict[str, Json]:
    """What the root of a customer shows, preferences included. Raises FieldsInvalid, CustomerNotFound."""
    return get_customer(reader, customer_id).shown
