"""Reads the figures of a customer's conversations."""

from __future__ import annotations

from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.operations.guard import require_live
from services.customers.store import conversation_metrics, trees
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation


def get_conversation_metrics(tx: Transaction, customer_id: str) -> tuple[str, ConversationMetrics]:
    """The root of a customer, and the figures of its tree. Raises FieldsInvalid, CustomerNotFound, CustomerDeleted."""
    if not customer_id:
        raise FieldsInvalid([FieldViolation("customer_id", "is required")])
    root = trees.read_tree(tx, customer_id).root
    require_live(root)
    return root.customer_id, conversation_metrics.of_tree(tx, root.customer_id)
