"""Merge candidates owns the listed groups as they are now: in their order, and with the state of each member."""

from collections.abc import Sequence

from services.matching.domain.auto_merge import Candidate, CandidateMember
from services.matching.store.groups import Position
from services.runtime.database import Transaction

_RANKED = """
    SELECT group_id::text, rank, weight_rank FROM duplicate_groups
    WHERE company_id = (SELECT app_company()) AND scan_id = %s AND live_members >= 2 AND rank <= %s
      AND (rank, weight_rank, group_id) > (%s, %s, %s::uuid)
    ORDER BY rank, weight_rank, duplicate_groups.group_id LIMIT %s
"""
# Each by its key: in a join the planner may read all of a company instead, while there are no statistics.
_MEMBERS = """
    SELECT asked.group_id::text, g.rank, g.state, m.customer_id::text, r.state, r.revision, r.completeness,
           r.created_at, EXISTS (
               SELECT FROM regrouping WHERE company_id = (SELECT app_company()) AND customer_id = m.customer_id)
    FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (group_id, place)
    CROSS JOIN LATERAL (
        SELECT rank, state FROM duplicate_groups
        WHERE company_id = (SELECT app_company()) AND scan_id = %s AND group_id = asked.group_id AND live_members >= 2
        LIMIT 1) AS g
    CROSS JOIN LATERAL (
        SELECT customer_id FROM duplicate_group_members
        WHERE company_id = (SELECT app_company()) AND scan_id = %s AND group_id = asked.group_id AND live) AS m
    CROSS JOIN LATERAL (
        SELECT state, revision, completeness, created_at FROM match_records
        WHERE company_id = (SELECT app_company()) AND customer_id = m.customer_id LIMIT 1) AS r
    ORDER BY asked.place
"""


def ranked(tx: Transaction, scan_id: str, least: int, after: Position, limit: int) -> list[Position]:
    """Return the next groups whose confidence is at least so high, the surest first, by their places."""
    rows = tx.execute(_RANKED, (scan_id, 100 - least, *after, limit)).fetchall()
    return [(rank, weight, group_id) for group_id, rank, weight in rows]


def candidates(tx: Transaction, scan_id: str, group_ids: Sequence[str]) -> list[Candidate]:
    """Return those of some groups that have two members left or more, in the order asked."""
    members: dict[tuple[str, int, str], list[CandidateMember]] = {}
    for group_id, rank, state, *member in tx.execute(_MEMBERS, (list(group_ids), scan_id, scan_id)).fetchall():
        members.setdefault((group_id, 100 - rank, state), []).append(CandidateMember(*member))
    return [Candidate(*group, tuple(found)) for group, found in members.items()]
