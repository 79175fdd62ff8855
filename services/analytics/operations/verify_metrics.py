"""Counts figures again from the sales."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.domain.failures import CustomerNotFound
from services.analytics.store import customer_figures, recount, report_memory
from services.analytics.store.recount import Drift
from services.runtime.database import Transaction
from services.runtime.ids import is_id

MOST_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Verified:
    """How many figures drifted, and the first of them."""

    total: int
    drifts: Sequence[Drift]


def verify_metrics(tx: Transaction, customer_id: str) -> Verified:
    """What is kept otherwise than it counts, of a customer's tree or of the company. Raises CustomerNotFound."""
    if not customer_id:
        report_memory.take_time(tx)
    found = recount.drift(tx, _root(tx, customer_id) if customer_id else None)
    return Verified(len(found), found[:MOST_TOLD])


def _root(tx: Transaction, customer_id: str) -> str:
    root_id = customer_figures.listed_root(tx, customer_id) if is_id(customer_id) else None
    if root_id is None:
        raise CustomerNotFound(customer_id)
    return root_id
