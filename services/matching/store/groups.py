"""Groups owns the duplicate groups of scans: written in batches, listed best first, kept right as customers change."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.matching.domain.duplicate_group import FoundGroup, ListedGroup, ListedMember, Member, in_order
from services.runtime.database import Transaction

# The share lock orders this against the follower: whichever comes second sees what the first one did.
_LOCK_MEMBERS = """
    SELECT customer_id FROM match_records
    WHERE company_id = (SELECT app_company()) AND customer_id = ANY(%s::uuid[]) ORDER BY customer_id FOR SHARE
"""
_ADD_MEMBERS = """
    INSERT INTO duplicate_group_members
        (company_id, customer_id, scan_id, group_id, live, match_weight, match_probability, confidence)
    SELECT r.company_id, r.customer_id, %s, t.group_id, r.state IN ('ACTIVE', 'INACTIVE'), t.weight, t.probability,
           t.confidence
    FROM unnest(%s::uuid[], %s::uuid[], %s::float8[], %s::float8[], %s::integer[])
        AS t (group_id, customer_id, weight, probability, confidence)
    JOIN match_records r ON r.company_id = (SELECT app_company()) AND r.customer_id = t.customer_id
"""
_ADD_GROUPS = """
    INSERT INTO duplicate_groups (company_id, scan_id, group_id, rank, weight_rank, strongest, weakest_left,
                                  weakest_right, state, live_members)
    SELECT (SELECT app_company()), %s::uuid, t.group_id, t.rank, t.weight_rank, t.strongest, t.weakest_left,
           t.weakest_right, %s,
           (SELECT count(*) FROM duplicate_group_members m WHERE m.company_id = (SELECT app_company())
            AND m.scan_id = %s::uuid AND m.group_id = t.group_id AND m.live)
    FROM unnest(%s::uuid[], %s::integer[], %s::bigint[], %s::integer[], %s::uuid[], %s::uuid[])
        AS t (group_id, rank, weight_rank, strongest, weakest_left, weakest_right)
"""
_SET_LIVE = """
    UPDATE duplicate_group_members m SET live = %s
    WHERE m.company_id = (SELECT app_company()) AND m.customer_id = ANY(%s::uuid[]) AND m.live <> %s
    RETURNING m.scan_id::text, m.group_id::text
"""
_RECOUNT = """
    UPDATE duplicate_groups g SET live_members = (
        SELECT count(*) FROM duplicate_group_members m WHERE m.company_id = g.company_id
        AND m.scan_id = g.scan_id AND m.group_id = g.group_id AND m.live)
    FROM unnest(%s::uuid[], %s::uuid[]) AS t (scan_id, group_id)
    WHERE g.company_id = (SELECT app_company()) AND g.scan_id = t.scan_id AND g.group_id = t.group_id
"""
# Rows that the follower is correcting are left for the next time; waiting for them could end in a deadlock.
_DROP_MEMBERS = """
    DELETE FROM duplicate_group_members WHERE company_id = (SELECT app_company()) AND (scan_id, customer_id) IN (
        SELECT m.scan_id, m.customer_id FROM duplicate_group_members m
        WHERE m.company_id = (SELECT app_company()) AND m.scan_id <> ALL(%s::uuid[])
        LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_DROP_GROUPS = """
    DELETE FROM duplicate_groups WHERE company_id = (SELECT app_company()) AND (scan_id, group_id) IN (
        SELECT g.scan_id, g.group_id FROM duplicate_groups g
        WHERE g.company_id = (SELECT app_company()) AND g.scan_id <> ALL(%s::uuid[])
        LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_LISTED = """group_id::text, 100 - rank, strongest, -weight_rank / 1e6::float8, weakest_left::text,
    weakest_right::text, state, updated_at, weight_rank"""
_PAGE = f"""
    SELECT {_LISTED} FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND live_members >= 2 AND rank <= %s
      AND (rank, weight_rank, group_id) > (%s, %s, %s::uuid)
    ORDER BY rank, weight_rank, duplicate_groups.group_id LIMIT %s
"""
_ONE = f"""
    SELECT {_LISTED} FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND group_id = %s AND live_members >= 2
"""
_EXISTING = """
    SELECT group_id::text FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND group_id = ANY(%s::uuid[])
"""
_COUNT = """
    SELECT count(*) FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND live_members >= 2 AND rank <= %s
"""
_MEMBERS = """
    SELECT m.group_id::text, m.customer_id::text, m.match_weight, m.match_probability, m.confidence,
           r.name, r.email, r.phone, r.completeness, r.created_at
    FROM duplicate_group_members m
    JOIN match_records r ON r.company_id = (SELECT app_company()) AND r.customer_id = m.customer_id
    WHERE m.company_id = (SELECT app_company()) AND m.scan_id = %s AND m.group_id = ANY(%s::uuid[]) AND m.live
"""

Position = tuple[int, int, str]
FIRST: Position = (-1, 0, "00000000-0000-0000-0000-000000000000")
"""The position before the first group: 100 minus the confidence, minus the weight in millionths of a bit, the id."""

_MICRO = 1e6


def add(tx: Transaction, scan_id: str, groups: Sequence[FoundGroup], state: str = "FOUND") -> None:
    """Write groups; they are listed once their scan is."""
    add_named(tx, scan_id, [(group.group_id, group) for group in groups], state)


def add_named(tx: Transaction, scan_id: str, named: Sequence[tuple[str, FoundGroup]], state: str) -> None:
    """Write groups under the ids that they are to have."""
    members = [(group_id, member) for group_id, group in named for member in group.members]
    ids = [member.customer_id for _, member in members]
    tx.execute(_LOCK_MEMBERS, (ids,))
    columns = (
        [group_id for group_id, _ in members],
        ids,
        [member.match_weight for _, member in members],
        [member.match_probability for _, member in members],
        [member.confidence for _, member in members],
    )
    tx.execute(_ADD_MEMBERS, (scan_id, *columns))
    groups = (
        [group_id for group_id, _ in named],
        [100 - group.confidence for _, group in named],
        [-round(group.match_weight * _MICRO) for _, group in named],
        [group.strongest for _, group in named],
        [group.weakest[0] if group.weakest else None for _, group in named],
        [group.weakest[1] if group.weakest else None for _, group in named],
    )
    tx.execute(_ADD_GROUPS, (scan_id, state, scan_id, *groups))


def set_live(tx: Transaction, customer_ids: Sequence[str], live: bool) -> None:
    """Take customers out of their groups (merged, deleted), or put them back (unmerged, restored)."""
    if not customer_ids:
        return
    touched = sorted(set(tx.execute(_SET_LIVE, (live, list(customer_ids), live)).fetchall()))
    if touched:
        tx.execute(_RECOUNT, ([scan for scan, _ in touched], [group for _, group in touched]))


def drop_all_but(tx: Transaction, scan_ids: Sequence[str], limit: int) -> bool:
    """Delete some groups of other scans than these; answers whether any may be left."""
    members = tx.execute(_DROP_MEMBERS, (list(scan_ids), limit)).rowcount
    groups = tx.execute(_DROP_GROUPS, (list(scan_ids), limit)).rowcount
    return limit in (members, groups)


def page(tx: Transaction, scan_id: str, min_confidence: int, after: Position, limit: int) -> list[ListedGroup]:
    """Return the next groups that have two members left or more, the best first."""
    found = tx.execute(_PAGE, (scan_id, 100 - min_confidence, *after, limit)).fetchall()
    members = _members(tx, scan_id, [row[0] for row in found])
    return [_listed(row, members[row[0]]) for row in found if row[0] in members]


def one(tx: Transaction, scan_id: str, group_id: str) -> ListedGroup | None:
    """Return a group that has two members left or more."""
    row = tx.execute(_ONE, (scan_id, group_id)).fetchone()
    return _listed(row, _members(tx, scan_id, [group_id])[group_id]) if row else None


def count(tx: Transaction, scan_id: str, min_confidence: int) -> int:
    """Return how many groups there are."""
    return int(tx.value(_COUNT, (scan_id, 100 - min_confidence)))


def existing(tx: Transaction, scan_id: str, group_ids: Iterable[str]) -> set[str]:
    """Return which of these groups there are, listed or not."""
    return {row[0] for row in tx.execute(_EXISTING, (scan_id, list(group_ids))).fetchall()}


def position_of(group: ListedGroup) -> Position:
    """Return the place of a group in the order."""
    return 100 - group.confidence, -round(group.match_weight * _MICRO), group.group_id


def _listed(row: tuple[Any, ...], members: Sequence[ListedMember]) -> ListedGroup:
    group_id, confidence, strongest, weight, left, right, state, updated_at, _ = row
    ordered = in_order(members)
    there = {one.member.customer_id for one in ordered}
    weakest = (left, right) if left in there and right in there else None
    return ListedGroup(group_id, confidence, strongest, ordered, weight, weakest, state, updated_at)


def _members(tx: Transaction, scan_id: str, group_ids: Sequence[str]) -> dict[str, list[ListedMember]]:
    found: dict[str, list[ListedMember]] = {}
    for group_id, customer_id, weight, probability, confidence, *shown in tx.execute(
        _MEMBERS, (scan_id, list(group_ids))
    ).fetchall():
        member = Member(customer_id, weight, probability, confidence)
        found.setdefault(group_id, []).append(ListedMember(member, *shown))
    return found
