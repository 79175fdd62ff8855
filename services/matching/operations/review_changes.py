"""Review changes owns how pairs and groups in front of people follow customers that have changed since the scan."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.matching.domain.evidence import Evidence
from services.matching.domain.identity_record import Identity
from services.matching.domain.judged_trees import JudgedTrees
from services.matching.domain.policy import Policy
from services.matching.domain.review_item import GROUP, MOST_OPEN, NOT_ALIKE, PAIR, NewItem
from services.matching.domain.scan import Scan
from services.matching.operations.knowledge import Knowledge
from services.matching.operations.review_scan import in_question, is_shut, item_evidence
from services.matching.store import (
    policies,
    regrouping,
    review_endings,
    review_items,
    review_queue,
    standing_judgements,
)
from services.matching.store.candidates import Candidates
from services.matching.store.review_queue import GroupSeen
from services.runtime.database import Transaction

_PAIR_SIZE = 2


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What a batch of changes is judged by; `scored_by` found the listed groups, `policy` says what is in question."""

    scan: Scan
    scored_by: Policy
    policy: Policy
    company: Knowledge
    room: int
    """How many more items may be opened."""

    def uncertain(self, evidence: Evidence) -> bool:
        """Return whether a pair is neither plainly one nor plainly two."""
        return self.policy.reject <= evidence.confidence < self.policy.accept

    def score(self, one: Identity, others: Iterable[Identity]) -> list[Evidence]:
        """Return the evidence of one with each other."""
        return self.company.scorer_of(self.scored_by).score(one, list(others))


def reviewing(tx: Transaction, scan: Scan, scored_by: Policy, company: Knowledge) -> Reviewing:
    """Return what a batch of changes is judged by."""
    return Reviewing(scan, scored_by, policies.current(tx), company, review_endings.room(tx, 2 * MOST_OPEN))


def review_changed(tx: Transaction, by: Reviewing, found: Candidates, touched: Iterable[str]) -> None:
    """Look anew at a customer with its candidates, and at those whose listed groups were judged anew with it."""
    likely = _likely(by, found)
    about = sorted({*touched, *likely, *([found.root_id] if found.own else [])})
    before = review_queue.open_about(tx, about)
    groups = review_queue.groups_about(tx, by.scan.scan_id, about)
    shut = _shut(groups, by.policy)
    wanted = [*_pairs(by, found, likely, shut), *_of_groups(tx, by, groups)]
    if wanted:
        judged = JudgedTrees(standing_judgements.around(tx, {one for item in wanted for one in item.customer_ids}))
        wanted = [item for item in wanted if not _answered(judged, item)][: max(by.room, 0)]
    review_items.open_items(tx, list({item.subject: item for item in wanted}.values()))
    standing = {item.subject for item in wanted}
    over = [one.subject for one in before if one.subject not in standing and _is_over(one, found.root_id, about, shut)]
    review_items.supersede(tx, sorted(over), NOT_ALIKE)


def _likely(by: Reviewing, found: Candidates) -> dict[str, Evidence]:
    if found.own is None:
        return {}
    evidence = by.score(found.own, found.identities)
    return {shown[0]: one for shown, one in zip(found.shown, evidence, strict=True) if by.uncertain(one)}


def _shut(groups: Iterable[GroupSeen], policy: Policy) -> dict[str, str]:
    """Return the group of each member whose pairs inside it are no questions."""
    closed = (one for one in groups if is_shut(len(one.members), one.confidence, policy))
    return {member: group.group_id for group in closed for member in group.members}


def _apart(shut: dict[str, str], one: str, other: str) -> bool:
    return one not in shut or shut[one] != shut.get(other)


def _pairs(by: Reviewing, found: Candidates, likely: dict[str, Evidence], shut: dict[str, str]) -> Iterable[NewItem]:
    for other, evidence in likely.items():
        if _apart(shut, found.root_id, other):
            yield _item(by, PAIR, (found.root_id, other), evidence)


def _of_groups(tx: Transaction, by: Reviewing, groups: Iterable[GroupSeen]) -> Iterable[NewItem]:
    """Yield the groups in question; one of two is a pair."""
    open_groups = [one for one in groups if in_question(one.confidence, one.strongest, by.policy)]
    seen = regrouping.members_of(tx, by.scan.scan_id, [one.group_id for one in open_groups]) if open_groups else []
    people = {one: identity for _, one, identity in seen}
    for group in open_groups:
        ends = group.weakest if group.weakest and people.keys() >= set(group.weakest) else tuple(group.members[:2])
        evidence = by.score(people[ends[0]], [people[ends[1]]])[0]
        if len(group.members) > _PAIR_SIZE:
            yield _item(by, GROUP, group.members, evidence, group)
        elif by.uncertain(evidence):
            yield _item(by, PAIR, group.members, evidence)


def _item(
    by: Reviewing, kind: str, members: tuple[str, ...], evidence: Evidence, group: GroupSeen | None = None
) -> NewItem:
    kept = item_evidence(evidence, by.scan.model_version, group.confidence if group else None)
    return NewItem(kind, tuple(sorted(members)), kept, scan_id=by.scan.scan_id)


def _answered(judged: JudgedTrees, item: NewItem) -> bool:
    return judged.answer(*item.customer_ids) if item.kind == PAIR else judged.answer_all(item.customer_ids)


def _is_over(item: review_queue.OpenItem, changed: str, about: list[str], shut: dict[str, str]) -> bool:
    """Return whether an open item that is not wanted any more is over, or was only not looked at."""
    if item.kind == GROUP or changed in item.customer_ids:
        return True
    one, other = item.customer_ids
    return one in about and other in about and not _apart(shut, one, other)
