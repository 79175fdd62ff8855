"""What is worth a sign beside a listed customer: looks at its record, and an offer that waits for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.views import Views
from services.customers.store import customer_views, open_offers
from services.runtime.database import Transaction


@dataclass(frozen=True, slots=True)
class Signs:
    """The looks at the records of a tree, and whether an offer to one of its members is open."""

    views: Views
    has_active_quote: bool


def customer_signs(tx: Transaction, root_ids: Sequence[str]) -> list[Signs]:
    """The signs of some roots, in their order; a customer that is merged has none of its own."""
    views = customer_views.of_trees(tx, root_ids)
    offered = open_offers.of_trees(tx, root_ids)
    return [Signs(views[root_id], root_id in offered) for root_id in root_ids]
