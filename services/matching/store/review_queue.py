"""Review queue owns the reading of review items: what matters most first, one alone, and whom they are about."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from services.matching.domain.review_item import ItemCustomer, ItemEvidence, ItemsAsked, ReviewItem
from services.runtime.database import Transaction

_COLUMNS = """i.item_id::text, i.kind, i.state, -i.rank, i.confidence, i.match_weight,
    CASE WHEN i.policy_version <> '' OR i.scan_id IS NULL THEN i.policy_version
         ELSE coalesce((SELECT s.model_version FROM scans s
                        WHERE s.company_id = (SELECT app_company()) AND s.scan_id = i.scan_id), '') END,
    i.matched_fields, i.levels, i.cause, i.customers::text[], i.conversation_id, i.judgement_ids::text[],
    i.merge_id::text, i.version, i.opened_at, i.updated_at, i.outcome, i.ended_at, i.ended_by,
    i.ended_by_name, i.reason"""
# `+ 0` keeps the confidence from choosing another index than that of the order.
_PAGE = f"""
    SELECT {_COLUMNS} FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.state = %(state)s
      AND (i.rank, i.item_id) > (%(rank)s, %(item_id)s::uuid)
      AND i.confidence + 0 BETWEEN %(least)s AND %(most)s
    ORDER BY i.rank, i.item_id LIMIT %(limit)s
"""
_PAGE_OF_KIND = _PAGE.replace("AND i.state = %(state)s", "AND i.state = %(state)s AND i.kind = %(kind)s")
_PAGE_OF_CUSTOMER = f"""
    WITH RECURSIVE tree (customer_id) AS (
        SELECT * FROM unnest(ARRAY[%(customer_id)s::uuid, root_of(%(customer_id)s::uuid)])
         UNION
        SELECT m.customer_id FROM tree JOIN match_records m
            ON m.company_id = (SELECT app_company()) AND m.root_id = tree.customer_id AND m.state = 'MERGED'
    ), about AS MATERIALIZED (
        SELECT DISTINCT c.item_id FROM tree JOIN review_item_customers c
            ON c.company_id = (SELECT app_company()) AND c.customer_id = tree.customer_id
    )
    SELECT {_COLUMNS} FROM about JOIN review_items i
        ON i.company_id = (SELECT app_company()) AND i.item_id = about.item_id
    WHERE i.state = %(state)s AND (%(kind)s = '' OR i.kind = %(kind)s)
      AND (i.rank, i.item_id) > (%(rank)s, %(item_id)s::uuid) AND i.confidence + 0 BETWEEN %(least)s AND %(most)s
    ORDER BY i.rank, i.item_id LIMIT %(limit)s
"""
_ONE = f"""
    SELECT {_COLUMNS} FROM review_items i WHERE i.company_id = (SELECT app_company()) AND i.item_id = %s::uuid
"""
# Row by row: asked as a join, the whole company may be read to find the few.
_CUSTOMERS = """
    SELECT t.customer_id::text, r.customer_id::text, coalesce(r.name, ''), coalesce(r.email, ''), coalesce(r.phone, '')
    FROM unnest(%s::uuid[]) AS t (customer_id)
    LEFT JOIN LATERAL (
        SELECT m.customer_id, m.name, m.email, m.phone FROM match_records m
        WHERE m.company_id = (SELECT app_company()) AND m.customer_id = (SELECT root_of(t.customer_id)) LIMIT 1
    ) AS r ON true
"""
_CONFLICTS = """
    SELECT i.subject::text FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.kind = 'CONFLICT' AND i.state = 'OPEN'
"""
# From customers to items and nowhere else: the states are put so that no index over all open items is taken.
_CONFLICTS_OF = """
    SELECT i.subject::text FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.kind || '' = 'CONFLICT' AND i.state || '' = 'OPEN'
      AND i.item_id = ANY(ARRAY(
        SELECT c.item_id FROM unnest(%s::uuid[]) AS t (customer_id)
        JOIN review_item_customers c ON c.company_id = (SELECT app_company()) AND c.customer_id = t.customer_id))
"""
_OPEN_OF = """
    SELECT i.subject::text, i.kind, i.customers::text[] FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.state || '' = 'OPEN' AND i.kind || '' IN ('PAIR', 'GROUP')
      AND i.item_id = ANY(ARRAY(
        SELECT c.item_id FROM unnest(%s::uuid[]) AS t (customer_id)
        JOIN review_item_customers c ON c.company_id = (SELECT app_company()) AND c.customer_id = t.customer_id))
"""
_GROUPS_OF = """
    SELECT g.group_id::text, 100 - g.rank, g.strongest, g.weakest_left::text, g.weakest_right::text,
           array_agg(m.customer_id::text ORDER BY m.customer_id)
    FROM duplicate_groups g
    JOIN duplicate_group_members m ON m.company_id = (SELECT app_company()) AND m.scan_id = g.scan_id
        AND m.group_id = g.group_id AND m.live
    WHERE g.company_id = (SELECT app_company()) AND g.scan_id = %(scan)s::uuid AND g.live_members >= 2
      AND g.group_id = ANY(ARRAY(
        SELECT t.group_id FROM duplicate_group_members t WHERE t.company_id = (SELECT app_company())
        AND t.customer_id = ANY(%(ids)s::uuid[]) AND t.scan_id = %(scan)s::uuid))
    GROUP BY g.group_id, g.rank, g.strongest, g.weakest_left, g.weakest_right
"""
_PAST = """
    SELECT resolution, actor, actor_name, resolved_at, merge_id::text FROM review_resolutions
    WHERE company_id = (SELECT app_company()) AND item_id = %s::uuid
    ORDER BY resolution_id DESC LIMIT %s
"""

Position = tuple[int, str]
FIRST: Position = (-(2**63), "00000000-0000-0000-0000-000000000000")
"""The position before the first item: minus the impact, and the id."""


class Past(NamedTuple):
    """What was decided once."""

    resolution: str
    actor: str
    actor_name: str
    resolved_at: datetime
    merge_id: str | None


class GroupSeen(NamedTuple):
    """A listed group, as far as it takes to see whether it is in question."""

    group_id: str
    confidence: int
    strongest: int
    weakest: tuple[str, str] | None
    members: tuple[str, ...]


class OpenItem(NamedTuple):
    """An open pair or group, as far as it takes to see whether it is one still."""

    subject: str
    kind: str
    customer_ids: tuple[str, ...]


def page(tx: Transaction, asked: ItemsAsked, after: Position, limit: int) -> list[ReviewItem]:
    """Return the next items, those with the greatest impact first."""
    values = {**asdict(asked), "rank": after[0], "item_id": after[1], "limit": limit}
    plain = _PAGE_OF_KIND if asked.kind else _PAGE
    rows = tx.execute(_PAGE_OF_CUSTOMER if asked.customer_id else plain, values).fetchall()
    return _items(tx, rows)


def one(tx: Transaction, item_id: str) -> ReviewItem | None:
    """Return an item, in whatever state."""
    rows = tx.execute(_ONE, (item_id,)).fetchall()
    return _items(tx, rows)[0] if rows else None


def past(tx: Transaction, item_id: str, limit: int) -> list[Past]:
    """Return what was decided of an item, the newest first."""
    return [Past(*row) for row in tx.execute(_PAST, (item_id, limit)).fetchall()]


def open_conflicts(tx: Transaction, customer_ids: Sequence[str] | None = None) -> list[str]:
    """Return the subjects of the conflicts that are open: those about any of these customers, or all."""
    found = tx.execute(_CONFLICTS) if customer_ids is None else tx.execute(_CONFLICTS_OF, (list(customer_ids),))
    return [row[0] for row in found.fetchall()]


def open_about(tx: Transaction, customer_ids: Sequence[str]) -> list[OpenItem]:
    """Return the pairs and groups that are open and about any of these customers."""
    found = tx.execute(_OPEN_OF, (list(customer_ids),)).fetchall()
    return [OpenItem(subject, kind, tuple(customers)) for subject, kind, customers in found]


def groups_about(tx: Transaction, scan_id: str, customer_ids: Sequence[str]) -> list[GroupSeen]:
    """Return the listed groups of these customers."""
    found = tx.execute(_GROUPS_OF, {"scan": scan_id, "ids": list(customer_ids)}).fetchall()
    return [
        GroupSeen(group_id, confidence, strongest, (left, right) if left and right else None, tuple(members))
        for group_id, confidence, strongest, left, right, members in found
    ]


def _items(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> list[ReviewItem]:
    asked = sorted({one for row in rows for one in row[10]})
    found = {row[0]: ItemCustomer(*row) for row in tx.execute(_CUSTOMERS, (asked,)).fetchall()} if asked else {}
    return [_item(row, found) for row in rows]


def _item(row: tuple[Any, ...], found: dict[str, ItemCustomer]) -> ReviewItem:
    item_id, kind, state, impact, confidence, weight, version, fields, levels, cause, customers, *rest = row
    evidence = ItemEvidence(confidence, weight, version, tuple(json.loads(fields)), json.loads(levels))
    conversation_id, judgement_ids, *ending = rest
    about = tuple(found[one] for one in customers)
    head = (item_id, kind, state, impact, evidence, cause, about)
    return ReviewItem(*head, conversation_id, tuple(judgement_ids), *ending)
