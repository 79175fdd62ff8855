"""Explain group owns why customers are one group: the evidence of their pairs, and the link that holds least."""

from dataclasses import dataclass
from itertools import combinations

from services.matching.domain.duplicate_group import ListedGroup
from services.matching.domain.failures import group_not_found
from services.matching.domain.model import Model
from services.matching.domain.policy import Policy
from services.matching.domain.scan import Scan
from services.matching.operations.explain_match import Explained, Judge, explained
from services.matching.operations.get_policy import policy_of
from services.matching.operations.knowledge import Knowledge, KnownCompanies
from services.matching.store import groups, regrouping, scans
from services.runtime.database import Transaction
from services.runtime.ids import is_id

MOST_WHOLE = 15
"""Members of a group whose every pair is explained; 105 pairs are some 300 KB."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ExplainedGroup:
    """A group, its pairs with their accounts, and how many pairs were left out."""

    group: ListedGroup
    scan: Scan
    policy: Policy
    pairs: tuple[tuple[Pair, Explained], ...]
    left_out: int


def explain_group(tx: Transaction, known: KnownCompanies, group_id: str) -> ExplainedGroup:
    """Explain a listed group as its members are now, by the policy that found it."""
    scan = scans.listed(tx)
    group = groups.one(tx, scan.scan_id, group_id) if scan and is_id(group_id) else None
    if scan is None or group is None:
        raise group_not_found(group_id)
    company = known.seen_by(tx)
    judge = Judge(_model_of(tx, company, scan), company.frequencies)
    identities = {one: identity for _, one, identity in regrouping.members_of(tx, scan.scan_id, [group_id])}
    chosen = _chosen(group)
    pairs = tuple(
        (pair, explained(identities[pair[0]], identities[pair[1]], judge))
        for pair in chosen
        if pair[0] in identities and pair[1] in identities
    )
    size = len(group.members)
    return ExplainedGroup(group, scan, company.policy, pairs, size * (size - 1) // 2 - len(pairs))


def _model_of(tx: Transaction, company: Knowledge, scan: Scan) -> Model:
    """Return the model by which the listed groups were found, which need not be the one in use."""
    known = scan.model_version == company.policy.version
    return company.policy.model if known else policy_of(tx, scan.model_version).model


def _chosen(group: ListedGroup) -> list[Pair]:
    """Return the pairs to explain: all of a small group, else each member with the master, and the weakest link."""
    ids = [one.member.customer_id for one in group.members]
    if len(ids) <= MOST_WHOLE:
        return list(combinations(ids, 2))
    pairs = [(group.master_id, one) for one in ids[1:]]
    known_pairs = {frozenset(pair) for pair in pairs}
    return pairs if group.weakest is None or frozenset(group.weakest) in known_pairs else [*pairs, group.weakest]
