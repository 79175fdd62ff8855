"""Links of conversations, one or many: their rows locked, linked and announced in a statement each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from services.customers.domain.fields import Json
from services.customers.domain.record import Actor
from services.runtime.database import Transaction
from services.runtime.ids import is_id

LOCK = """
SELECT to_jsonb(c) - 'company_id' AS shown FROM conversations AS c
 WHERE company_id = (SELECT app_company()) AND conversation_id = ANY(%s::uuid[])
 ORDER BY conversation_id FOR UPDATE
"""
LINK = """
UPDATE conversations AS c
   SET origin_customer_id = l.customer_id, linked_at = %(now)s, link_source = %(source)s, linked_by = %(by)s,
       linked_by_name = %(by_name)s, unlinked_from = NULL, revision = revision + 1, updated_at = %(now)s
  FROM json_to_recordset(%(links)s) AS l (conversation_id uuid, customer_id uuid)
 WHERE c.company_id = (SELECT app_company()) AND c.conversation_id = l.conversation_id
"""
ANNOUNCE = """
INSERT INTO feed (company_id, subject, kind, revision, payload)
SELECT (SELECT app_company()), 'conversation', 'CONVERSATION_CHANGED', c.revision, shown_conversation(c)
  FROM conversations AS c WHERE company_id = (SELECT app_company()) AND conversation_id = ANY(%s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A conversation and the customer that it is linked to."""

    conversation_id: str
    customer_id: str


def lock(tx: Transaction, conversation_ids: Iterable[str]) -> dict[str, Mapping[str, Json]]:
    """Those of the conversations that there are, without what was said, kept from others until the transaction ends."""
    ids = [one for one in conversation_ids if is_id(one)]
    found = tx.execute(LOCK, (ids,)).fetchall() if ids else []
    return {shown["conversation_id"]: shown for (shown,) in found}


def link(tx: Transaction, links: Sequence[Link], source: str, by: Actor, now: datetime) -> None:
    """Links conversations that were locked, each of which has the next revision then."""
    rows = json.dumps([asdict(one) for one in links])
    tx.execute(LINK, {"links": rows, "now": now, "source": source, "by": by.subject, "by_name": by.name})


def announce(tx: Transaction, links: Iterable[Link]) -> None:
    """Puts conversations as they are now into the feed."""
    tx.execute(ANNOUNCE, ([one.conversation_id for one in links],))
