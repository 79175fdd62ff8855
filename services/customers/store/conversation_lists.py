"""Lists of conversations by their start, the latest first: of a tree, of a company, of nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.customers.domain.fields import Json
from services.runtime.database import Transaction

NEWEST = ("infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff")
WHOLE = "shown_conversation(c)"
HEAD = "to_jsonb(c) - 'company_id'"
PAGE = """
SELECT c.first_at, c.conversation_id, {shown} AS shown FROM conversations AS c
 WHERE c.company_id = (SELECT app_company()) {condition}
   AND (c.first_at, c.conversation_id) < (%(before_at)s::timestamptz, %(before_id)s::uuid)
   AND c.first_at >= %(start)s::timestamptz AND c.first_at < %(end)s::timestamptz
 ORDER BY c.first_at DESC, c.conversation_id DESC LIMIT %(limit)s
"""
OF_ANY = ""
OF_NOBODY = "AND c.origin_customer_id IS NULL"
OF_MEMBER = "AND c.origin_customer_id = member.customer_id"
SUMMARIZED = " AND c.summarized_at IS NOT NULL"
OF_TREE = """
SELECT found.shown FROM customers AS member
 CROSS JOIN LATERAL ({page}) AS found
 WHERE member.company_id = (SELECT app_company()) AND member.root_id = %(root_id)s::uuid
 ORDER BY found.first_at DESC, found.conversation_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations: of the tree of a root, or else of the company or of nobody; that began within bounds."""

    root_id: str = ""
    orphaned: bool = False
    summarized: bool = False
    start: str = "-infinity"
    end: str = "infinity"
    whole: bool = False


def page(tx: Transaction, wanted: Wanted, before: tuple[str, str], limit: int) -> list[dict[str, Json]]:
    """The conversations that began before a position."""
    parameters: Mapping[str, Any] = {
        "before_at": before[0],
        "before_id": before[1],
        "start": wanted.start,
        "end": wanted.end,
        "limit": limit,
        "root_id": wanted.root_id or None,
    }
    return [row["shown"] for row in tx.rows(_statement(wanted), parameters)]


def _statement(wanted: Wanted) -> str:
    shown = WHOLE if wanted.whole else HEAD
    more = SUMMARIZED if wanted.summarized else ""
    if wanted.root_id:
        return OF_TREE.format(page=PAGE.format(shown=shown, condition=OF_MEMBER + more))
    return PAGE.format(shown=shown, condition=(OF_NOBODY if wanted.orphaned else OF_ANY) + more)
