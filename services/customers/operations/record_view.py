"""Counts that somebody looked at a customer's record; the record itself does not change."""

from __future__ import annotations

from services.customers.domain.failures import CustomerNotFound
from services.customers.domain.views import Views
from services.customers.operations.get_customer import get_customer
from services.customers.store import customer_views
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken
from services.runtime.ids import is_id


def record_view(tx: Transaction, customer_id: str) -> tuple[Views, ChangeToken]:
    """Counts one look, for the id that was asked for; gives the views of its root.

    Raises FieldsInvalid, and CustomerNotFound for a deleted customer too.
    """
    root_id = get_customer(tx, customer_id).shown["customer_id"]
    if not is_id(customer_id):
        raise CustomerNotFound(customer_id)
    customer_views.count_one(tx, customer_id)
    return customer_views.of_trees(tx, [root_id])[root_id], tx.change_token()
