"""Batch merge owns what stands against each of many merges: judgements on their trees, asked in one question."""

from collections.abc import Mapping, Sequence

from services.matching.domain.judgement import DIFFERENT, Judgement
from services.matching.domain.merge_run import Item, MergedSoFar
from services.matching.store import judged_merges
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def judged_against(
    tx: Transaction, items: Sequence[Item], so_far: MergedSoFar, verdicts: frozenset[str] = frozenset({DIFFERENT})
) -> Mapping[int, list[Judgement]]:
    """Return the judgements against merges by their places, those left out that a merge overrides by name."""
    members = [
        (item.place, member, root)
        for item in items
        for root, below in so_far.trees(item).items()
        for member in (root, *below)
        if is_id(member) and is_id(root)
    ]
    found = judged_merges.against(tx, members) if members else {}
    overridden = {item.place: item.overridden for item in items}
    standing = {
        place: [one for one in judged if one.verdict in verdicts and one.judgement_id not in overridden[place]]
        for place, judged in found.items()
    }
    return {place: judged for place, judged in standing.items() if judged}
