"""Batch merge owns what stands against each of many merges: judgements on their trees, asked in one question."""

from collections.abc import Sequence

from services.matching.domain.judgement import DIFFERENT
from services.matching.domain.merge_run import Apart, Item, MergedSoFar
from services.matching.store import judged_merges
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def judged_apart_in(
    tx: Transaction, items: Sequence[Item], so_far: MergedSoFar, verdicts: frozenset[str] = frozenset({DIFFERENT})
) -> list[Apart]:
    """Return the judgements between the trees of some merges, with those that the run has joined to them."""
    named = so_far.below(one for item in items for one in item.customer_ids)
    known = sorted(one for one in named if is_id(one))
    found = judged_merges.apart(tx, known) if known else []
    return [one for one in found if one.judgement.verdict in verdicts]
