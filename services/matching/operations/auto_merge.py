"""Auto merge owns the choice of the groups that merge by themselves, and the look at each just before it is merged."""

from collections.abc import Iterator, Mapping, Sequence

from services.matching.domain.auto_merge import CHANGED, Plan, Weighed, Wish
from services.matching.domain.failures import scan_required
from services.matching.domain.judgement import DIFFERENT, UNSURE
from services.matching.domain.merge_run import Item, MergedSoFar, standing
from services.matching.domain.policy import weighs_alike
from services.matching.domain.scan import Scan
from services.matching.operations.batch_merge import judged_apart_in
from services.matching.operations.get_policy import policy_of
from services.matching.store import merge_candidates, policies, scans
from services.matching.store.groups import FIRST
from services.runtime.database import Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation

AT_ONCE = 500
MOST_LEFT = 1_000
"""Of the groups that are left to people so many are named; those beyond are not looked for."""

BY_PEOPLE = frozenset({DIFFERENT, UNSURE})


def plan(tx: Transaction, wish: Wish) -> Plan:
    """Return the groups of the last scan that are to be merged.

    Raises ScanRequired where no scan has ended by the policy that holds, FieldsInvalid where the policy would not
    accept what is asked for without a person looking.
    """
    policy, scan = policies.current(tx), scans.listed(tx)
    if scan is None or not weighs_alike(policy, policy_of(tx, scan.model_version)):
        raise scan_required()
    least = wish.least if wish.least is not None else policy.accept
    if least < policy.accept:
        text = f"must be at least {policy.accept}, what the policy accepts without a person looking"
        raise FieldsInvalid([FieldViolation("min_confidence", text)])
    chosen: list[Weighed] = []
    merging = left = 0
    for weighed in _weighed(tx, scan, least):
        if merging == wish.most or left == MOST_LEFT:
            break
        chosen.append(weighed)
        merging, left = merging + (not weighed.left_because), left + bool(weighed.left_because)
    return Plan(scan, least, chosen)


def weigh(tx: Transaction, scan_id: str, group_ids: Sequence[str], least: int) -> dict[str, Weighed]:
    """Return groups as they are now, those that are not listed any more left out."""
    found = merge_candidates.candidates(tx, scan_id, group_ids)
    items = [Item(place, one.ordered[0], one.ordered[1:]) for place, one in enumerate(found)]
    nothing = MergedSoFar()
    judged = standing(items, nothing, judged_apart_in(tx, items, nothing, BY_PEOPLE))
    verdicts = {place: {one.judgement.verdict for one in against} for place, against in judged.items()}
    return {
        one.group_id: Weighed(one, one.left_because(least, verdicts.get(place, ()))) for place, one in enumerate(found)
    }


def still(weighed: Weighed | None, customer_ids: Sequence[str]) -> tuple[str, Mapping[str, int]]:
    """Return why a group that was chosen is not to be merged any more, or the revisions that its customers have."""
    if weighed is None or set(weighed.candidate.revisions) != set(customer_ids):
        return CHANGED, {}
    return weighed.left_because, {} if weighed.left_because else weighed.candidate.revisions


def _weighed(tx: Transaction, scan: Scan, least: int) -> Iterator[Weighed]:
    after, more = FIRST, True
    while more:
        page = merge_candidates.ranked(tx, scan.scan_id, least, after, AT_ONCE)
        yield from weigh(tx, scan.scan_id, [group_id for *_, group_id in page], least).values()
        more = len(page) == AT_ONCE
        after = page[-1] if page else after
