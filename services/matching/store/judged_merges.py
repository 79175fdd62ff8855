"""Judged merges owns the question what was judged of the customers of many merges, asked of all of them at once."""

from collections.abc import Iterable

from services.matching.domain.judgement import Judgement
from services.matching.domain.merge_run import Apart
from services.runtime.database import Transaction

# From each customer down to what is merged into it. A judgement counts where it is between two of these trees.
_APART = """
    WITH RECURSIVE tree (customer_id, top) AS (
        SELECT t.customer_id, t.customer_id FROM unnest(%s::uuid[]) AS t (customer_id)
         UNION
        SELECT m.customer_id, tree.top FROM tree JOIN match_records m
            ON m.company_id = (SELECT app_company()) AND m.root_id = tree.customer_id AND m.state = 'MERGED')
    SELECT DISTINCT a.top::text, b.top::text, j.judgement_id::text, j.left_id::text, j.right_id::text, j.verdict,
           j.reason, j.author, j.author_name, j.created_at
      FROM tree a
      JOIN judgements j ON j.company_id = (SELECT app_company()) AND j.left_id = a.customer_id
       AND j.retracted_at IS NULL AND j.verdict <> 'SAME'
      JOIN tree b ON b.customer_id = j.right_id AND b.top <> a.top
     ORDER BY 3, 1, 2
"""


def apart(tx: Transaction, customer_ids: Iterable[str]) -> list[Apart]:
    """Return what says DIFFERENT or UNSURE between the trees of some customers."""
    rows = tx.execute(_APART, (list(customer_ids),)).fetchall()
    return [Apart(left_id, right_id, Judgement(*judged)) for left_id, right_id, *judged in rows]
