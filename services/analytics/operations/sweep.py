"""Numbers the passes over everything that the feed sends, and marks what a pass did not show as gone."""

from services.analytics.operations.apply_changes import store_customers
from services.analytics.store import engagements, mirror, passes
from services.runtime.database import Database, Transaction

SWEPT_AT_ONCE = 2000
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


def pass_of(database: Database, follower: str, cursor: str) -> int:
    """The number of the pass that a cursor is in; following from the start begins a new one."""
    return passes.current(database, follower) if cursor else passes.begin(database, follower)


def sweep(tx: Transaction, epoch: str, generation: int) -> None:
    """Marks the customers of all companies that were not seen in a pass which is done; their sales stay."""
    for company_id in passes.companies_with_unseen(tx, generation):
        tx.set_company(company_id)
        _sweep_company(tx, epoch, generation)


def _sweep_company(tx: Transaction, epoch: str, generation: int) -> None:
    engagements.sweep(tx, generation)
    after = _BEFORE_ALL
    while gone := mirror.unseen(tx, generation, after, SWEPT_AT_ONCE):
        known = mirror.lock_trees(tx, [change.customer_id for change in gone])
        store_customers(tx, epoch, generation, gone, known)
        after = gone[-1].customer_id
