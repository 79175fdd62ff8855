"""Review endings owns how review items end: by a decision, by what becomes of their customers, or unseen by a scan."""

from collections.abc import Sequence

from services.runtime.database import Transaction
from services.runtime.ids import new_id

# From customers to items and nowhere else: `||` keeps an index over all open items from being taken. Rows are locked in
# the order of subjects, as those that open items lock them: else both could wait for each other.
_ABOUT = """
    SELECT i.item_id, i.customers FROM review_items i
    WHERE i.company_id = (SELECT app_company()) AND i.item_id = ANY(ARRAY(
        SELECT c.item_id FROM unnest(%s::uuid[]) AS t (customer_id)
        JOIN review_item_customers c ON c.company_id = (SELECT app_company()) AND c.customer_id = t.customer_id))
"""
_LEFT = """SELECT count(*) FROM unnest(a.customers) AS t (customer_id)
     LEFT JOIN match_records m ON m.company_id = (SELECT app_company()) AND m.customer_id = t.customer_id
     WHERE m.state IS NULL OR m.state IN ('ACTIVE', 'INACTIVE')"""
_END_GONE = f"""
    WITH about AS MATERIALIZED ({_ABOUT} AND i.state || '' = 'OPEN' AND i.kind <> 'CONFLICT'
        ORDER BY i.subject FOR UPDATE)
    UPDATE review_items i SET state = 'SUPERSEDED', ended_at = clock_timestamp(), updated_at = clock_timestamp(),
        version = i.version + 1,
        outcome = (SELECT max(m.state) FROM unnest(a.customers) AS t (customer_id)
                   JOIN match_records m ON m.company_id = (SELECT app_company()) AND m.customer_id = t.customer_id
                   WHERE m.state NOT IN ('ACTIVE', 'INACTIVE'))
    FROM about a
    WHERE i.company_id = (SELECT app_company()) AND i.item_id = a.item_id
      AND ({_LEFT}) < least(cardinality(a.customers), 2)
"""
_OPEN_AGAIN = f"""
    WITH about AS MATERIALIZED ({_ABOUT} AND i.state || '' = 'SUPERSEDED' AND i.kind IN ('CONVERSATION', 'MERGE_UNDONE')
        AND i.outcome IN ('MERGED', 'DELETED') AND (i.kind = 'CONVERSATION' OR NOT EXISTS (
            SELECT FROM judgements j WHERE j.company_id = (SELECT app_company()) AND j.retracted_at IS NULL
            AND j.verdict <> 'UNSURE' AND j.left_id = ANY(i.customers) AND j.right_id = ANY(i.customers)))
        ORDER BY i.subject FOR UPDATE)
    UPDATE review_items i SET state = 'OPEN', ended_at = NULL, outcome = '', updated_at = clock_timestamp(),
        version = i.version + 1
    FROM about a
    WHERE i.company_id = (SELECT app_company()) AND i.item_id = a.item_id
      AND ({_LEFT}) >= least(cardinality(a.customers), 2)
"""
_ERASE = f"""
    WITH about AS MATERIALIZED ({_ABOUT} AND i.reason <> '' ORDER BY i.subject FOR UPDATE)
    UPDATE review_items i SET reason = '' FROM about a
    WHERE i.company_id = (SELECT app_company()) AND i.item_id = a.item_id
"""
_NOT_FOUND = """
    WITH unseen AS MATERIALIZED (
        SELECT i.item_id FROM review_items i
        WHERE i.company_id = (SELECT app_company()) AND i.state = 'OPEN' AND i.kind IN ('PAIR', 'GROUP')
          AND i.scan_id IS DISTINCT FROM %s::uuid
        ORDER BY i.subject LIMIT %s FOR UPDATE
    )
    UPDATE review_items i SET state = 'SUPERSEDED', outcome = 'NOT_FOUND', ended_at = clock_timestamp(),
        updated_at = clock_timestamp(), version = i.version + 1
    FROM unseen WHERE i.company_id = (SELECT app_company()) AND i.item_id = unseen.item_id
"""
_LEFT_OUT = "UPDATE companies SET review_left_out = %s WHERE company_id = (SELECT app_company())"
_ROOM = """
    SELECT count(*) FROM (SELECT FROM review_items WHERE company_id = (SELECT app_company()) AND state = 'OPEN'
                          LIMIT %s) AS open
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('review item ' || (SELECT app_company()) || %s, 0))"
_RESOLVE = """
    UPDATE review_items SET state = 'RESOLVED', outcome = %(resolution)s, reason = %(reason)s,
        merge_id = coalesce(%(merge_id)s::uuid, merge_id), ended_at = clock_timestamp(), ended_by = %(actor)s,
        ended_by_name = %(actor_name)s, updated_at = clock_timestamp(), version = version + 1
    WHERE company_id = (SELECT app_company()) AND item_id = %(item_id)s::uuid
    RETURNING kind, confidence
"""
_KEEP = """
    INSERT INTO review_resolutions (company_id, resolution_id, item_id, kind, confidence, resolution, merge_id, actor,
                                    actor_name)
    VALUES ((SELECT app_company()), %(resolution_id)s::uuid, %(item_id)s::uuid, %(kind)s, %(confidence)s,
            %(resolution)s, %(merge_id)s::uuid, %(actor)s, %(actor_name)s)
"""
_OLD = """
    WITH old AS MATERIALIZED (
        SELECT i.item_id FROM review_items i
        WHERE i.company_id = (SELECT app_company()) AND i.state = 'SUPERSEDED'
          AND i.ended_at < clock_timestamp() - make_interval(days => %s)
        LIMIT %s FOR UPDATE SKIP LOCKED
    ), customers AS (
        DELETE FROM review_item_customers c USING old
        WHERE c.company_id = (SELECT app_company()) AND c.item_id = old.item_id
    )
    DELETE FROM review_items i USING old WHERE i.company_id = (SELECT app_company()) AND i.item_id = old.item_id
"""


def end_gone(tx: Transaction, customer_ids: Sequence[str]) -> None:
    """Supersede the items about these customers of whom too few are left to ask about, and forget what was said."""
    tx.execute(_END_GONE, (list(customer_ids),))


def open_again(tx: Transaction, customer_ids: Sequence[str]) -> None:
    """Open the items of conversations and undos again that ended only since these customers were gone for a time."""
    tx.execute(_OPEN_AGAIN, (list(customer_ids),))


def erase_words(tx: Transaction, customer_ids: Sequence[str]) -> None:
    """Forget what people wrote about these customers."""
    tx.execute(_ERASE, (list(customer_ids),))


def end_unseen(tx: Transaction, scan_id: str, limit: int) -> bool:
    """Supersede some pairs and groups that this scan did not bring up; answers whether any may be left."""
    return tx.execute(_NOT_FOUND, (scan_id, limit)).rowcount == limit


def note_left_out(tx: Transaction, items: int) -> None:
    """Note how many items of the last scan there was no room for."""
    tx.execute(_LEFT_OUT, (items,))


def room(tx: Transaction, most: int) -> int:
    """Return how many more items may be opened until so many are open."""
    return most - int(tx.value(_ROOM, (most,)))


def forget_old(tx: Transaction, days: int, limit: int) -> bool:
    """Delete some items that were superseded long ago; answers whether any may be left."""
    return tx.execute(_OLD, (days, limit)).rowcount == limit


def lock(tx: Transaction, item_id: str) -> None:
    """Let nobody else decide the item before this transaction ends; nothing is written by that."""
    tx.execute(_LOCK, (item_id.lower(),))


def resolve(tx: Transaction, item_id: str, resolution: str, reason: str, merge_id: str | None = None) -> None:
    """Note a decision."""
    values = {
        "item_id": item_id,
        "resolution_id": new_id(),
        "resolution": resolution,
        "reason": reason,
        "merge_id": merge_id,
        "actor": tx.scope.actor,
        "actor_name": tx.scope.actor_name,
    }
    row = tx.execute(_RESOLVE, values).fetchone()
    assert row is not None
    tx.execute(_KEEP, {**values, "kind": row[0], "confidence": row[1]})
