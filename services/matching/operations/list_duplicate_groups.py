"""List duplicate groups owns the pages of what the last finished scan found and what still stands of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.duplicate_group import ListedGroup
from services.matching.domain.policy import SHIPPED_POLICY, Policy
from services.matching.domain.scan import Scan
from services.matching.store import groups, policies, regrouping, scans
from services.runtime.database import Transaction
from services.runtime.ids import is_id
from services.runtime.paging import not_a_token, page_of, page_token, position_of

_MEMBER_BYTES = 120
FIRST = groups.FIRST


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page; no scan where none has finished yet."""

    groups: tuple[ListedGroup, ...] = ()
    next_page_token: str = ""
    total: int = 0
    scan: Scan | None = None
    pending: int = 0
    policy: Policy = SHIPPED_POLICY


def list_duplicate_groups(tx: Transaction, min_confidence: int, size: int, token: str) -> GroupPage:
    """Return the next groups, the best first."""
    question = {"list": "duplicate_groups", "min_confidence": min_confidence}
    after = _position(position_of(token, question, tx.scope.company_id))
    scan = scans.listed(tx)
    if scan is None:
        return GroupPage()
    found = groups.page(tx, scan.scan_id, min_confidence, after, size + 1)
    page, more = page_of(found, size, _weight)
    following = page_token(question, groups.position_of(page[-1]), tx.scope.company_id) if more else ""
    total = groups.count(tx, scan.scan_id, min_confidence)
    return GroupPage(tuple(page), following, total, scan, regrouping.pending(tx), policies.current(tx))


def next_groups(
    tx: Transaction, min_confidence: int, size: int, after: groups.Position
) -> tuple[Sequence[ListedGroup], groups.Position | None, Scan | None, Policy]:
    """Return the next groups of a stream, where to go on (None at the end), the listed scan and the policy."""
    scan = scans.listed(tx)
    if scan is None:
        return (), None, None, SHIPPED_POLICY
    page, more = page_of(groups.page(tx, scan.scan_id, min_confidence, after, size + 1), size, _weight)
    return page, groups.position_of(page[-1]) if more else None, scan, policies.current(tx)


def _weight(group: ListedGroup) -> int:
    """About how many bytes a group takes in a message, and no fewer."""
    return sum(_MEMBER_BYTES + len(f"{one.name}{one.email}{one.phone}".encode()) for one in group.members)


def _position(read: list[object] | None) -> groups.Position:
    match read:
        case None:
            return groups.FIRST
        case [int(rank), int(weight), str(group_id)] if -1 <= rank <= 100 and is_id(group_id):
            return rank, weight, group_id
    raise not_a_token()
