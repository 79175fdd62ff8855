"""Standing judgements owns the reading of the judgements that hold, by the roots that they are about now."""

from collections.abc import Iterable

from services.matching.domain.judged_trees import Standing
from services.runtime.database import Transaction

MOST_ROOTS = 2_000
"""Roots that are one by judgements and are looked at together; what goes beyond is left for the next scan."""

_SHOWN = """s.judgement_id::text, s.verdict, s.left_id::text, s.right_id::text, s.left_root::text, s.right_root::text"""
_ROOTED = """
    SELECT j.judgement_id, j.verdict, j.left_id, j.right_id, root_of(j.left_id) AS left_root,
           root_of(j.right_id) AS right_root
    FROM judgements j WHERE j.company_id = (SELECT app_company()) AND j.retracted_at IS NULL AND j.verdict <> 'UNSURE'
"""
# From some roots down to their members, and to what holds of any of these.
_OF_ROOTS = f"""
    WITH RECURSIVE tree (customer_id) AS (
        SELECT * FROM unnest(%s::uuid[])
         UNION
        SELECT m.customer_id FROM tree JOIN match_records m
            ON m.company_id = (SELECT app_company()) AND m.root_id = tree.customer_id AND m.state = 'MERGED'
    ), about AS (
        SELECT j.judgement_id FROM tree JOIN judgements j ON j.company_id = (SELECT app_company())
           AND j.left_id = tree.customer_id AND j.retracted_at IS NULL
         UNION
        SELECT j.judgement_id FROM tree JOIN judgements j ON j.company_id = (SELECT app_company())
           AND j.right_id = tree.customer_id AND j.retracted_at IS NULL
    )
    SELECT {_SHOWN} FROM ({_ROOTED} AND j.judgement_id = ANY(ARRAY(SELECT judgement_id FROM about))) AS s
    WHERE s.left_root IS NOT NULL AND s.right_root IS NOT NULL
"""
_ALL = f"SELECT {_SHOWN} FROM ({_ROOTED}) AS s WHERE s.left_root IS NOT NULL AND s.right_root IS NOT NULL"
_JUDGED = """
    SELECT t.customer_id::text FROM unnest(%s::uuid[]) AS t (customer_id)
    WHERE EXISTS (SELECT FROM judgements j WHERE j.company_id = (SELECT app_company())
                  AND j.left_id = t.customer_id AND j.retracted_at IS NULL)
       OR EXISTS (SELECT FROM judgements j WHERE j.company_id = (SELECT app_company())
                  AND j.right_id = t.customer_id AND j.retracted_at IS NULL)
"""
# One at a time, for a company: whether judgements contradict each other is asked of chains of them.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('judgements ' || (SELECT app_company()), 0))"


def lock(tx: Transaction) -> None:
    """Let nobody else of the company judge before this transaction ends."""
    tx.execute(_LOCK)


def around(tx: Transaction, root_ids: Iterable[str]) -> list[Standing]:
    """Return what holds of these roots and of all that are one with them by judgements SAME."""
    found: dict[str, Standing] = {}
    seen: set[str] = set()
    waiting = set(root_ids)
    while waiting and len(seen) < MOST_ROOTS:
        seen |= waiting
        fresh = [Standing(*row) for row in tx.execute(_OF_ROOTS, (sorted(waiting),)).fetchall()]
        found |= {one.judgement_id: one for one in fresh}
        waiting = {root for one in fresh if one.verdict == "SAME" for root in (one.left_root, one.right_root)} - seen
    return sorted(found.values(), key=lambda one: one.judgement_id)


def everywhere(tx: Transaction) -> list[Standing]:
    """Return all that holds in the company."""
    return [Standing(*row) for row in tx.execute(_ALL).fetchall()]


def judged_of(tx: Transaction, customer_ids: Iterable[str]) -> list[str]:
    """Return those of these customers of whom anything holds."""
    return [row[0] for row in tx.execute(_JUDGED, (list(customer_ids),)).fetchall()]
