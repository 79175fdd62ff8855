"""Removes changes that are older than the feed keeps, as the upkeep role, which sees no others."""

from __future__ import annotations

from services.runtime.database import Database

# The mark moves in the statement that removes, so a reader sees both or neither: what is gone is never skipped.
EXPIRE = """
WITH old AS (
    SELECT xid, seq FROM feed WHERE created_at < now() - interval '7 days' ORDER BY created_at LIMIT %s
), gone AS (
    DELETE FROM feed USING old WHERE feed.xid = old.xid AND feed.seq = old.seq RETURNING feed.xid
), marked AS (
    UPDATE database_epoch SET expired_below = greatest(expired_below, last.below)
      FROM (SELECT (max(xid::text::bigint) + 1)::text::xid8 AS below FROM gone) last
     WHERE last.below IS NOT NULL
)
SELECT count(*) FROM gone
"""


def expire_changes(database: Database, at_most: int = 5_000) -> int:
    """Removes a batch of the oldest changes; answers how many."""
    with database.connection() as connection:
        row = connection.execute(EXPIRE, (at_most,)).fetchone()
    return int(row[0]) if row else 0
