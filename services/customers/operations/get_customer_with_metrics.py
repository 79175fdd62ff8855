"""Reads a customer with the figures of its conversations and of the looks at its record."""

from __future__ import annotations

from dataclasses import dataclass

from services.customers.domain.conversation_metrics import ConversationMetrics
from services.customers.domain.views import Views
from services.customers.operations.get_customer import Found, get_customer
from services.customers.store import conversation_metrics, customer_views
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class FoundWithMetrics:
    """What is shown of a customer, and the figures of its whole tree."""

    found: Found
    conversations: ConversationMetrics
    views: Views


def get_customer_with_metrics(tx: Transaction, customer_id: str) -> FoundWithMetrics:
    """One customer by id; CustomerNotFound where there is none."""
    found = get_customer(tx, customer_id)
    root_id = found.shown["customer_id"]
    views = customer_views.of_trees(tx, [root_id])[root_id]
    return FoundWithMetrics(found, conversation_metrics.of_tree(tx, root_id), views)
