"""List duplicate groups owns the pages of what the last finished scan found and what still stands of it."""

from dataclasses import dataclass

from services.matching.domain.duplicate_group import ListedGroup
from services.matching.domain.scan import Scan
from services.matching.store import groups, scans
from services.runtime.database import Transaction
from services.runtime.ids import is_id
from services.runtime.paging import not_a_token, page_of, page_token, position_of

_MEMBER_BYTES = 120


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page; no scan where none has finished yet."""

    groups: tuple[ListedGroup, ...] = ()
    next_page_token: str = ""
    total: int = 0
    scan: Scan | None = None


def list_duplicate_groups(tx: Transaction, min_confidence: int, size: int, token: str) -> GroupPage:
    """Return the next groups, the best first."""
    question = {"list": "duplicate_groups", "min_confidence": min_confidence}
    after = _position(position_of(token, question))
    scan = scans.listed(tx)
    if scan is None:
        return GroupPage()
    found = groups.page(tx, scan.scan_id, min_confidence, after, size + 1)
    page, more = page_of(found, size, _weight)
    following = page_token(question, (100 - page[-1].confidence, page[-1].group_id)) if more else ""
    return GroupPage(tuple(page), following, groups.count(tx, scan.scan_id, min_confidence), scan)


def _weight(group: ListedGroup) -> int:
    """About how many bytes a group takes in a message, and no fewer."""
    return sum(_MEMBER_BYTES + len(f"{one.name}{one.email}{one.phone}".encode()) for one in group.members)


def _position(read: list[object] | None) -> groups.Position:
    match read:
        case None:
            return groups.FIRST
        case [int(rank), str(group_id)] if -1 <= rank <= 100 and is_id(group_id):
            return rank, group_id
    raise not_a_token()
