"""Reads the merge log: one entry, or the newest ones of all customers or of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.failures import CustomerNotFound, MergeNotFound
from services.customers.domain.merge import LoggedMerge
from services.customers.domain.merge_snapshot import Snapshot
from services.customers.store import merges, trees
from services.runtime.database import Transaction
from services.runtime.ids import is_id
from services.runtime.paging import moment, not_a_token, page_token, position_of


@dataclass(frozen=True, slots=True)
class MergePage:
    """Entries of the log, the newest first."""

    merges: Sequence[LoggedMerge]
    next_page_token: str


def get_merge(tx: Transaction, merge_id: str) -> LoggedMerge:
    """An entry of the log. Raises MergeNotFound."""
    logged = merges.find(tx, merge_id) if is_id(merge_id) else None
    if logged is None:
        raise MergeNotFound(merge_id)
    return logged


def get_snapshot(tx: Transaction, merge_id: str) -> Snapshot | None:
    """What was shown before and after a merge that is in the log; None where it was erased."""
    return merges.snapshot(tx, merge_id)


def list_merges(tx: Transaction, customer_id: str, *, standing: bool, size: int, token: str) -> MergePage:
    """The next entries: those in which a customer was source or target, or all. Raises CustomerNotFound."""
    question = {"list": "merges", "customer_id": customer_id.lower(), "standing": standing}
    before = _position(position_of(token, question, tx.scope.company_id))
    if customer_id:
        if not is_id(customer_id):
            raise CustomerNotFound(customer_id)
        trees.read_tree(tx, customer_id)
    found = merges.page(tx, customer_id.lower(), standing, before, size + 1)
    more = len(found) > size
    last = found[size - 1] if more else None
    following = page_token(question, [last.merged_at.isoformat(), last.merge_id], tx.scope.company_id) if last else ""
    return MergePage(found[:size], following)


def _position(read: list[object] | None) -> tuple[str, str] | None:
    match read:
        case None:
            return None
        case [str(merged_at), str(merge_id)] if is_id(merge_id):
            return moment(merged_at), merge_id
    raise not_a_token()
