"""Judged merges owns the question what was judged of the customers of many merges, asked of all of them at once."""

from collections.abc import Iterable

from services.matching.domain.judgement import Judgement
from services.runtime.database import Transaction

# The trees of each merge by its place: from members that are known on down. A judgement counts where it is between two
# trees of one merge.
_AGAINST = """
    WITH RECURSIVE tree (place, customer_id, top) AS (
        SELECT * FROM unnest(%(places)s::integer[], %(ids)s::uuid[], %(tops)s::uuid[])
         UNION
        SELECT tree.place, m.customer_id, tree.top FROM tree JOIN match_records m
            ON m.company_id = (SELECT app_company()) AND m.root_id = tree.customer_id AND m.state = 'MERGED')
    SELECT DISTINCT a.place, j.judgement_id::text, j.left_id::text, j.right_id::text, j.verdict, j.reason, j.author,
           j.author_name, j.created_at
      FROM tree a
      JOIN judgements j ON j.company_id = (SELECT app_company()) AND j.left_id = a.customer_id
       AND j.retracted_at IS NULL AND j.verdict <> 'SAME'
      JOIN tree b ON b.customer_id = j.right_id AND b.place = a.place AND b.top <> a.top
     ORDER BY 1, 2
"""

Member = tuple[int, str, str]
"""The place of a merge, a customer of one of its trees, and the root of that tree."""


def against(tx: Transaction, members: Iterable[Member]) -> dict[int, list[Judgement]]:
    """Return what says DIFFERENT or UNSURE of two trees of one merge, by the place of the merge."""
    places, ids, tops = map(list, zip(*members, strict=True))
    found: dict[int, list[Judgement]] = {}
    for place, *judged in tx.execute(_AGAINST, {"places": places, "ids": ids, "tops": tops}).fetchall():
        found.setdefault(place, []).append(Judgement(*judged))
    return found
