"""Judged apart owns the question whether judgements stand against a merge, asked of whole trees and not of pairs."""

from collections.abc import Iterable, Mapping

from services.matching.domain.failures import judged_different
from services.matching.domain.judgement import Judgement
from services.matching.store import judgements
from services.runtime.database import Transaction
from services.runtime.ids import is_id


def judged_apart(tx: Transaction, trees: Mapping[str, Iterable[str]]) -> list[Judgement]:
    """Return the judgements between different ones of these trees: each root with those known to be merged into it."""
    top_of = tops_of(trees)
    return judgements.different_between(tx, top_of) if len(top_of) > 1 else []


def tops_of(trees: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the root of each of these members, roots included; what is no id is nobody's."""
    top_of = {root.lower(): root.lower() for root in trees if is_id(root)}
    return top_of | {member.lower(): root.lower() for root, members in trees.items() for member in members}


def check_judged(tx: Transaction, customer_ids: Iterable[str], overridden: Iterable[str]) -> None:
    """Raise JudgedDifferent where judgements stand against a merge that are not named to be overridden."""
    named = {judgement_id.lower() for judgement_id in overridden}
    found = judged_apart(tx, dict.fromkeys(customer_ids, ()))
    if against := [one for one in found if one.judgement_id not in named]:
        raise judged_different(against)
