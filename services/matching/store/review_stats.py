"""Review stats owns the figures of the queue; each statement reads a bounded number of rows of one index."""

from datetime import datetime
from typing import NamedTuple

from services.runtime.database import Transaction

MOST_OPEN_COUNTED = 200_000
MOST_RESOLVED_COUNTED = 100_000
MOST_ACTORS = 200
_BAND = "least(o.confidence / 10, 9) * 10"

_OPEN = f"""
    SELECT o.kind, {_BAND} AS band, count(*)
    FROM (SELECT kind, confidence FROM review_items
          WHERE company_id = (SELECT app_company()) AND state = 'OPEN' LIMIT %s) AS o
    GROUP BY o.kind, band ORDER BY o.kind, band
"""
_OLDEST = """
    SELECT opened_at FROM review_items
    WHERE company_id = (SELECT app_company()) AND state = 'OPEN' ORDER BY opened_at LIMIT 1
"""
_LEFT_OUT = "SELECT review_left_out FROM companies WHERE company_id = (SELECT app_company())"
# Grouped once, to as few rows as people, bands and resolutions there are.
_RESOLVED = f"""
    SELECT o.resolution, o.actor, max(o.actor_name), o.kind IN ('PAIR', 'GROUP') AS scored, {_BAND} AS band,
           count(*), sum(o.confidence)::bigint
    FROM (SELECT resolution, actor, actor_name, kind, confidence FROM review_resolutions
          WHERE company_id = (SELECT app_company()) AND resolved_at >= %s AND resolved_at < %s
          ORDER BY resolved_at DESC LIMIT %s) AS o
    GROUP BY o.resolution, o.actor, scored, band
"""


class OpenCount(NamedTuple):
    """Items that wait: of one kind, in the band of ten from a confidence on; the last band has eleven."""

    kind: str
    band: int
    items: int


class ResolvedCount(NamedTuple):
    """Decisions of one person, of one sort; `scored`: of pairs and groups; `confidences` is their sum."""

    resolution: str
    actor: str
    actor_name: str
    scored: bool
    band: int
    items: int
    confidences: int


def open_counts(tx: Transaction) -> list[OpenCount]:
    """Return how many items wait, of up to MOST_OPEN_COUNTED."""
    return [OpenCount(*row) for row in tx.execute(_OPEN, (MOST_OPEN_COUNTED,)).fetchall()]


def oldest_open(tx: Transaction) -> datetime | None:
    """Return when the oldest item that waits was opened."""
    found: datetime | None = tx.value(_OLDEST)
    return found


def left_out(tx: Transaction) -> int:
    """Return how many items of the last scan there was no room for."""
    return int(tx.value(_LEFT_OUT) or 0)


def resolved_counts(tx: Transaction, start: datetime, end: datetime) -> list[ResolvedCount]:
    """Return what was decided in an interval, of the last MOST_RESOLVED_COUNTED decisions."""
    found = tx.execute(_RESOLVED, (start, end, MOST_RESOLVED_COUNTED)).fetchall()
    return [ResolvedCount(*row) for row in found]
