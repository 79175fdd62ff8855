"""Keeps from when to when customers were in their stages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.analytics.domain.mirror import CustomerChange, Stage
from services.analytics.domain.stays import stays_told
from services.analytics.store import stays
from services.analytics.store.mirror import Mirrored
from services.runtime.database import Transaction


def follow_stages(tx: Transaction, changes: Sequence[CustomerChange], known: Mapping[str, Mirrored]) -> None:
    """Applies the moves of customers, all that were told and not only the last, in the order of their revisions."""
    told: dict[str, list[CustomerChange]] = {}
    for change in sorted(changes, key=lambda one: one.revision):
        told.setdefault(change.customer_id, []).append(change)
    moved = {i: its for i, its in told.items() if any(_moves(change, known.get(i)) for change in its)}
    before = stays.read(tx, moved.keys())
    stays.replace(tx, {i: stays_told(before[i], its, _shown(known.get(i))) for i, its in moved.items()})


def _moves(change: CustomerChange, was: Mirrored | None) -> bool:
    return _shown(was) != (change.stage, change.staged_at)


def _shown(was: Mirrored | None) -> tuple[Stage, datetime] | None:
    return (was.stage, was.staged_at) if was else None
