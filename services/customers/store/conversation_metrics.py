"""The figures of conversations, kept by trigger for each customer and summed over a tree; and their recount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.customers.domain.conversation_metrics import ConversationMetrics
from services.runtime.database import Transaction

OF_TREE = """
SELECT coalesce(sum(m.conversations), 0)::bigint AS conversations,
       coalesce(sum(m.interactions), 0)::bigint AS interactions,
       coalesce(sum(m.characters), 0)::bigint AS characters,
       min(m.first_at) FILTER (WHERE m.conversations > 0) AS first_at,
       max(m.last_at) FILTER (WHERE m.conversations > 0) AS last_at
  FROM customers AS member
 CROSS JOIN LATERAL (
       SELECT conversations, interactions, characters, first_at, last_at FROM conversation_metrics
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = member.customer_id LIMIT 1) AS m
 WHERE member.company_id = (SELECT app_company()) AND member.root_id = %s::uuid
"""
# Of each customer on its own: what is kept beside what counting every interaction again gives.
COUNTED = """
SELECT c.customer_id::text,
       coalesce(kept.conversations, 0) AS kept_conversations, coalesce(kept.interactions, 0) AS kept_interactions,
       coalesce(kept.characters, 0) AS kept_characters,
       CASE WHEN kept.conversations > 0 THEN kept.first_at END AS kept_first_at,
       CASE WHEN kept.conversations > 0 THEN kept.last_at END AS kept_last_at,
       now.conversations, now.interactions, now.characters, now.first_at, now.last_at
  FROM (SELECT customer_id FROM customers WHERE company_id = (SELECT app_company()) AND customer_id > %(after)s::uuid
         ORDER BY customer_id LIMIT %(limit)s) AS c
  LEFT JOIN LATERAL (
       SELECT conversations, interactions, characters, first_at, last_at FROM conversation_metrics
        WHERE company_id = (SELECT app_company()) AND origin_customer_id = c.customer_id LIMIT 1) AS kept ON true
 CROSS JOIN LATERAL (
       SELECT count(*) AS conversations, coalesce(sum(i.number), 0)::bigint AS interactions,
              coalesce(sum(i.characters), 0)::bigint AS characters,
              min(least(t.started_at, i.first_at)) AS first_at, max(greatest(t.started_at, i.last_at)) AS last_at
         FROM conversations AS t
        CROSS JOIN LATERAL (
              SELECT count(*) AS number, sum(characters) AS characters, min(interaction_time) AS first_at,
                     max(interaction_time) AS last_at
                FROM interactions
               WHERE company_id = (SELECT app_company()) AND conversation_id = t.conversation_id) AS i
        WHERE t.company_id = (SELECT app_company()) AND t.origin_customer_id = c.customer_id) AS now
 ORDER BY c.customer_id
"""
FIELDS = ("conversations", "interactions", "characters", "first_at", "last_at")
FIRST = "00000000-0000-0000-0000-000000000000"


def of_tree(tx: Transaction, root_id: str) -> ConversationMetrics:
    """The figures of a root: those of all members of its tree."""
    row = tx.row(OF_TREE, (root_id,))
    assert row is not None, "an aggregate has one row"
    return _metrics(row, "")


def counted(tx: Transaction, after: str, limit: int) -> list[tuple[str, ConversationMetrics, ConversationMetrics]]:
    """The next customers by id: for each its own figures as kept and as counted again."""
    rows = tx.rows(COUNTED, {"after": after or FIRST, "limit": limit})
    return [(row["customer_id"], _metrics(row, "kept_"), _metrics(row, "")) for row in rows]


def _metrics(row: Mapping[str, Any], prefix: str) -> ConversationMetrics:
    return ConversationMetrics(**{name: row[prefix + name] for name in FIELDS})
