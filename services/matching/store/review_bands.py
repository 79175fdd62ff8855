"""Review bands owns which questions another band of the policy ends, and whose may be questions by it."""

from typing import NamedTuple

from services.matching.domain.review_item import OUT_OF_BAND
from services.runtime.database import Transaction

_END = """
    WITH ending AS MATERIALIZED (
        SELECT i.item_id FROM review_items i
        WHERE i.company_id = (SELECT app_company()) AND i.state = 'OPEN'
          AND (i.kind IN ('PAIR', 'GROUP') AND i.confidence >= %(accept)s
               OR i.kind = 'PAIR' AND i.confidence < %(reject)s)
        ORDER BY i.subject FOR UPDATE
    )
    UPDATE review_items i SET state = 'SUPERSEDED', outcome = %(why)s, ended_at = clock_timestamp(),
        updated_at = clock_timestamp(), version = i.version + 1
    FROM ending WHERE i.company_id = (SELECT app_company()) AND i.item_id = ending.item_id
"""
# One customer of each: those that hang together with it are looked at with it. Of open groups the strongest link is not
# known: each is looked at where the band ends further up, and no other one that stays in question.
_LOOK_AT = """
    SELECT i.customers[1]::text FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.state = 'SUPERSEDED' AND i.outcome = %(why)s
      AND i.confidence >= %(reject)s AND i.confidence < %(accept)s
      AND (i.confidence < %(reject_before)s OR i.confidence >= %(accept_before)s)
     UNION
    SELECT i.customers[1]::text FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.state = 'OPEN' AND i.kind = 'GROUP'
      AND %(reject)s::integer > %(reject_before)s::integer
     UNION
    SELECT min(m.customer_id::text) FROM duplicate_groups g
      JOIN duplicate_group_members m ON m.company_id = (SELECT app_company()) AND m.scan_id = g.scan_id
           AND m.group_id = g.group_id AND m.live
     WHERE g.company_id = (SELECT app_company()) AND g.scan_id = %(scan_id)s::uuid AND g.live_members >= 2
       AND g.rank > 100 - %(accept)s AND g.strongest >= %(reject)s
       AND (g.rank <= 100 - %(accept_before)s OR g.strongest < %(reject_before)s)
     GROUP BY g.group_id
     ORDER BY 1
"""


class Band(NamedTuple):
    """What is in question: from the confidence `reject` on, below `accept`."""

    reject: int
    accept: int


NO_BAND = Band(-1, -1)
"""Nothing is in question."""

# It reads all listed groups, of which some companies have hundreds of thousands.
_TAKE_TIME = "SELECT set_config('statement_timeout', '60s', true)"


def take_time(tx: Transaction) -> None:
    """Let the statements of this transaction take longer than those of a usual call."""
    tx.execute(_TAKE_TIME)


def end_outside(tx: Transaction, reject: int, accept: int) -> None:
    """Supersede the open pairs and groups that a band does not ask about."""
    tx.execute(_END, {"reject": reject, "accept": accept, "why": OUT_OF_BAND})


def to_look_at(tx: Transaction, scan_id: str, band: Band, before: Band) -> list[str]:
    """Return a customer of each listed group, and of each question that some band ended, that come into the band.

    What was in the band before is in front of people already, or was decided.
    """
    asked = {"scan_id": scan_id, "why": OUT_OF_BAND, "reject": band.reject, "accept": band.accept}
    asked |= {"reject_before": before.reject, "accept_before": before.accept}
    return [row[0] for row in tx.execute(_LOOK_AT, asked).fetchall()]
