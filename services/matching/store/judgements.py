"""Judgements owns what was judged of pairs, and which judgements hold between trees of merged customers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.matching.domain.judgement import Author, Judged, Judgement
from services.runtime.database import Transaction
from services.runtime.ids import new_id

_COLUMNS = """j.judgement_id::text, j.left_id::text, j.right_id::text, j.verdict, j.reason, j.author, j.author_name,
    j.created_at, j.merge_id::text, j.retracted_at, j.retracted_by, j.retracted_by_name, j.retract_reason"""
# A judgement is in conflict while it holds, where those judged different are one, or those judged the same are in
# trees that another judgement keeps apart.
_CONFLICT = """(j.retracted_at IS NULL AND CASE j.verdict
    WHEN 'DIFFERENT' THEN root_of(j.left_id) = root_of(j.right_id)
    WHEN 'SAME' THEN root_of(j.left_id) <> root_of(j.right_id) AND EXISTS (
        WITH RECURSIVE {tree} SELECT FROM judgements d
          JOIN tree a ON a.customer_id = d.left_id JOIN tree b ON b.customer_id = d.right_id AND b.top <> a.top
         WHERE d.company_id = (SELECT app_company()) AND d.retracted_at IS NULL AND d.verdict = 'DIFFERENT')
    ELSE false END)"""
# Members of trees with the root that was asked for: from some members on down.
_TREE = """tree (customer_id, top) AS (
    SELECT * FROM unnest({seed})
     UNION
    SELECT m.customer_id, tree.top FROM tree JOIN match_records m
        ON m.company_id = (SELECT app_company()) AND m.root_id = tree.customer_id AND m.state = 'MERGED')"""
_SEEDED = _TREE.format(seed="%(ids)s::uuid[], %(tops)s::uuid[]")
_OF_PAIR = _TREE.format(
    seed="ARRAY[root_of(j.left_id), root_of(j.right_id)], ARRAY[root_of(j.left_id), root_of(j.right_id)]"
)
_SHOWN = f"{_COLUMNS}, coalesce({_CONFLICT.format(tree=_OF_PAIR)}, false)"
_STANDING = f"""
    SELECT {_COLUMNS}, false FROM judgements j
    WHERE j.company_id = (SELECT app_company()) AND j.left_id = %s::uuid AND j.right_id = %s::uuid
      AND j.retracted_at IS NULL
"""
_ADD = """
    INSERT INTO judgements (company_id, judgement_id, left_id, right_id, verdict, reason, author, author_name, merge_id)
    VALUES ((SELECT app_company()), %s::uuid, %s::uuid, %s::uuid, %s, %s, %s, %s, %s::uuid)
"""
_RETRACT = """
    UPDATE judgements SET retracted_at = clock_timestamp(), retracted_by = %s, retracted_by_name = %s,
                          retract_reason = %s
    WHERE company_id = (SELECT app_company()) AND judgement_id = %s::uuid AND retracted_at IS NULL
"""
_GET = f"""
    SELECT {_SHOWN} FROM judgements j WHERE j.company_id = (SELECT app_company()) AND j.judgement_id = %s::uuid
"""
_BETWEEN = f"""
    WITH RECURSIVE {_SEEDED}
    SELECT DISTINCT {_COLUMNS}, false FROM judgements j
      JOIN tree a ON a.customer_id = j.left_id JOIN tree b ON b.customer_id = j.right_id AND b.top <> a.top
     WHERE j.company_id = (SELECT app_company()) AND j.retracted_at IS NULL AND j.verdict = 'DIFFERENT'
     ORDER BY 1
"""
_AMONG = f"""
    WITH RECURSIVE {_SEEDED}
    SELECT DISTINCT j.verdict, a.top::text, b.top::text FROM judgements j
      JOIN tree a ON a.customer_id = j.left_id JOIN tree b ON b.customer_id = j.right_id AND b.top <> a.top
     WHERE j.company_id = (SELECT app_company()) AND j.retracted_at IS NULL AND j.verdict <> 'UNSURE'
"""
_PAGE = f"""
    SELECT {_SHOWN} FROM judgements j
    WHERE j.company_id = (SELECT app_company()) AND j.judgement_id < %(before)s::uuid
      AND (%(retracted)s OR j.retracted_at IS NULL)
    ORDER BY j.judgement_id DESC LIMIT %(limit)s
"""
_PAGE_OF_CUSTOMER = f"""
    WITH RECURSIVE {_SEEDED}
    SELECT {_SHOWN} FROM judgements j
    WHERE j.company_id = (SELECT app_company()) AND j.judgement_id < %(before)s::uuid
      AND (%(retracted)s OR j.retracted_at IS NULL)
      AND (j.left_id IN (SELECT customer_id FROM tree) OR j.right_id IN (SELECT customer_id FROM tree))
    ORDER BY j.judgement_id DESC LIMIT %(limit)s
"""
# What a scan is told, by the roots that it compares.
_ROOT_PAIRS = """
    SELECT r.verdict, r.one::text, r.other::text FROM (
        SELECT verdict, root_of(left_id) AS one, root_of(right_id) AS other FROM judgements
        WHERE company_id = (SELECT app_company()) AND retracted_at IS NULL AND verdict <> 'UNSURE') AS r
    WHERE r.one <> r.other
"""
_ROOT_OF = "SELECT root_of(%s::uuid)::text"
_ROOTS_OF = "SELECT root_of(one)::text FROM unnest(%s::uuid[]) AS asked (one)"
RootPairs = Mapping[str, Sequence[tuple[str, str]]]
"""Pairs of roots by verdict."""

LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def root_of(tx: Transaction, customer_id: str) -> str | None:
    """Return the root in use that a customer belongs to; None where the id is unknown, deleted or erased."""
    found: str | None = tx.value(_ROOT_OF, (customer_id,))
    return found


def roots_of(tx: Transaction, customer_ids: Iterable[str]) -> set[str]:
    """Return the roots in use that these customers belong to."""
    found = tx.execute(_ROOTS_OF, (list(customer_ids),)).fetchall()
    return {root for (root,) in found if root is not None}


def standing(tx: Transaction, left_id: str, right_id: str) -> Judgement | None:
    """Return what holds of exactly this pair."""
    row = tx.execute(_STANDING, (left_id, right_id)).fetchone()
    return Judgement(*row) if row else None


def add(tx: Transaction, judged: Judged) -> str:
    """Write a judgement. Answers its id."""
    judgement_id = new_id()
    by = judged.author or _caller(tx)
    pair = (judged.left_id, judged.right_id)
    tx.execute(_ADD, (judgement_id, *pair, judged.verdict, judged.reason, by.subject, by.name, judged.merge_id))
    return judgement_id


def retract(tx: Transaction, judgement_id: str, reason: str, author: Author | None = None) -> None:
    """End a judgement; one that has ended stays as it is. No `author`: the caller ends it."""
    by = author or _caller(tx)
    tx.execute(_RETRACT, (by.subject, by.name, reason, judgement_id))


def get(tx: Transaction, judgement_id: str) -> Judgement | None:
    """Return a judgement, retracted or not."""
    row = tx.execute(_GET, (judgement_id,)).fetchone()
    return Judgement(*row) if row else None


def different_between(tx: Transaction, top_of: Mapping[str, str]) -> list[Judgement]:
    """Return the judgements that keep trees apart; the trees are given by members with their roots."""
    found = tx.execute(_BETWEEN, {"ids": list(top_of), "tops": list(top_of.values())}).fetchall()
    return [Judgement(*row) for row in found]


def among(tx: Transaction, root_ids: Sequence[str]) -> RootPairs:
    """Return the pairs of these roots that are judged SAME and DIFFERENT, by verdict."""
    roots = list(root_ids)
    return _by_verdict(tx.execute(_AMONG, {"ids": roots, "tops": roots}).fetchall())


def page(tx: Transaction, root_id: str | None, retracted: bool, before: str, limit: int) -> list[Judgement]:
    """Return the next judgements, the newest first: of one tree, or of all."""
    asked: dict[str, Any] = {"retracted": retracted, "before": before, "limit": limit}
    if root_id is None:
        return [Judgement(*row) for row in tx.execute(_PAGE, asked).fetchall()]
    of_tree = {**asked, "ids": [root_id], "tops": [root_id]}
    return [Judgement(*row) for row in tx.execute(_PAGE_OF_CUSTOMER, of_tree).fetchall()]


def root_pairs(tx: Transaction) -> RootPairs:
    """Return the pairs of roots that are judged SAME and DIFFERENT, by verdict."""
    return _by_verdict(tx.execute(_ROOT_PAIRS).fetchall())


def _caller(tx: Transaction) -> Author:
    return Author(tx.scope.actor, tx.scope.actor_name)


def _by_verdict(rows: Iterable[tuple[Any, ...]]) -> RootPairs:
    found: dict[str, list[tuple[str, str]]] = {"SAME": [], "DIFFERENT": []}
    for verdict, one, other in rows:
        found[verdict].append((one, other))
    return found
