"""Groups owns the duplicate groups of scans: written in batches, listed best first, kept right as customers change."""

from collections.abc import Sequence

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
    INSERT INTO duplicate_groups (company_id, scan_id, group_id, rank, strongest, live_members)
    SELECT (SELECT app_company()), %s::uuid, t.group_id, t.rank, t.strongest,
           (SELECT count(*) FROM duplicate_group_members m WHERE m.company_id = (SELECT app_company())
            AND m.scan_id = %s::uuid AND m.group_id = t.group_id AND m.live)
    FROM unnest(%s::uuid[], %s::integer[], %s::integer[]) AS t (group_id, rank, strongest)
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
        WHERE m.company_id = (SELECT app_company()) AND m.scan_id IS DISTINCT FROM %s::uuid
        LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_DROP_GROUPS = """
    DELETE FROM duplicate_groups WHERE company_id = (SELECT app_company()) AND (scan_id, group_id) IN (
        SELECT g.scan_id, g.group_id FROM duplicate_groups g
        WHERE g.company_id = (SELECT app_company()) AND g.scan_id IS DISTINCT FROM %s::uuid
        LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_PAGE = """
    SELECT group_id::text, 100 - rank, strongest FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND live_members >= 2 AND rank <= %s
      AND (rank, group_id) > (%s, %s::uuid)
    ORDER BY rank, duplicate_groups.group_id LIMIT %s
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

Position = tuple[int, str]
FIRST: Position = (-1, "00000000-0000-0000-0000-000000000000")
"""The position before the first group."""


def add(tx: Transaction, scan_id: str, groups: Sequence[FoundGroup]) -> None:
    """Write groups that a scan has found; they are listed once the scan is."""
    members = [(group.group_id, member) for group in groups for member in group.members]
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
    ranks = [100 - group.confidence for group in groups]
    strongest = [group.strongest for group in groups]
    tx.execute(_ADD_GROUPS, (scan_id, scan_id, [group.group_id for group in groups], ranks, strongest))


def set_live(tx: Transaction, customer_ids: Sequence[str], live: bool) -> None:
    """Take customers out of their groups (merged, deleted), or put them back (unmerged, restored)."""
    if not customer_ids:
        return
    touched = sorted(set(tx.execute(_SET_LIVE, (live, list(customer_ids), live)).fetchall()))
    if touched:
        tx.execute(_RECOUNT, ([scan for scan, _ in touched], [group for _, group in touched]))


def drop_unlisted(tx: Transaction, listed_scan_id: str | None, limit: int) -> bool:
    """Delete some groups of other scans than the listed one; answers whether any may be left."""
    members = tx.execute(_DROP_MEMBERS, (listed_scan_id, limit)).rowcount
    groups = tx.execute(_DROP_GROUPS, (listed_scan_id, limit)).rowcount
    return limit in (members, groups)


def page(tx: Transaction, scan_id: str, min_confidence: int, after: Position, limit: int) -> list[ListedGroup]:
    """Return the next groups that have two members left or more, the best first."""
    found = tx.execute(_PAGE, (scan_id, 100 - min_confidence, *after, limit)).fetchall()
    members = _members(tx, scan_id, [row[0] for row in found])
    return [
        ListedGroup(group_id, confidence, strongest, in_order(members.get(group_id, ())))
        for group_id, confidence, strongest in found
        if group_id in members
    ]


def count(tx: Transaction, scan_id: str, min_confidence: int) -> int:
    """Return how many groups there are."""
    return int(tx.value(_COUNT, (scan_id, 100 - min_confidence)))


def _members(tx: Transaction, scan_id: str, group_ids: Sequence[str]) -> dict[str, list[ListedMember]]:
    found: dict[str, list[ListedMember]] = {}
    for group_id, customer_id, weight, probability, confidence, *shown in tx.execute(
        _MEMBERS, (scan_id, list(group_ids))
    ).fetchall():
        member = Member(customer_id, weight, probability, confidence)
        found.setdefault(group_id, []).append(ListedMember(member, *shown))
    return found
