"""Review scan owns what of a scan waits for a person: pairs and groups between reject and accept, by impact."""

from collections.abc import Callable, Iterator, Sequence

from services.matching.domain.duplicate_group import FoundGroup
from services.matching.domain.evidence import Evidence
from services.matching.domain.judged_trees import JudgedTrees
from services.matching.domain.policy import Policy
from services.matching.domain.review_item import GROUP, MOST_OPEN, PAIR, ItemEvidence, NewItem
from services.matching.engine.band import Chosen, Question, choose, evidence_between, pairs_with_evidence
from services.matching.engine.results import Result
from services.matching.operations.review_conflicts import review_all_conflicts
from services.matching.store import policies, review_bands, review_endings, review_items, standing_judgements
from services.runtime.database import Database, TenantScope, Transaction

AT_ONCE = 1_000
KEPT_DAYS = 90
"""What was superseded longer ago is deleted; what people decided is kept."""

_PAIR_SIZE = 2


def review_scan(
    database: Database, scope: TenantScope, scan_id: str, result: Result, found: Sequence[FoundGroup]
) -> None:
    """Bring the queue up to what a scan has found; `found` are the groups of the result, in its order.

    At most MOST_OPEN pairs and groups are opened, those with the most impact. What the scan does not bring up any more
    is superseded. Items are written a thousand in a transaction: a scan that is lost half-way is run again.
    """
    with database.transaction(scope, read_only=True) as tx:
        policy, judged = policies.current(tx), JudgedTrees(standing_judgements.everywhere(tx))
        merged = review_items.merged_counts(tx)
    in_question = [
        (place, group.confidence)
        for place, group in enumerate(found)
        if is_in_question(group, policy) and not judged.answer_all(_ids(group))
    ]
    shut = [place for place, group in enumerate(found) if is_shut(len(group.members), group.confidence, policy)]
    chosen = choose(result, Question(policy.reject, policy.accept, in_question, shut, merged, MOST_OPEN))
    for items in _items(result, chosen, found, judged, scan_id):
        with database.transaction(scope) as tx:
            review_items.write_alone(tx)
            review_items.open_items(tx, items)
    _repeated(database, scope, lambda tx: review_endings.end_unseen(tx, scan_id, AT_ONCE))
    _repeated(database, scope, lambda tx: review_endings.forget_old(tx, KEPT_DAYS, AT_ONCE))
    with database.transaction(scope) as tx:
        review_items.write_alone(tx)
        review_endings.note_left_out(tx, chosen.left_out)
        review_all_conflicts(tx)
        now = policies.current(tx)
        if (now.accept, now.reject) != (policy.accept, policy.reject):
            review_bands.end_outside(tx, now.reject, now.accept)


def item_evidence(evidence: Evidence, version: str = "", confidence: int | None = None) -> ItemEvidence:
    """Return what an item keeps of the evidence of a pair; of a group that of its weakest link, and its confidence."""
    sure = evidence.confidence if confidence is None else confidence
    return ItemEvidence(sure, evidence.match_weight, version, evidence.matched_fields, evidence.levels)


def in_question(confidence: int, strongest: int, policy: Policy) -> bool:
    """Return whether a group is neither to be merged as it is nor to be left apart."""
    return confidence < policy.accept and strongest >= policy.reject


def is_in_question(group: FoundGroup, policy: Policy) -> bool:
    """Return whether a group of three or more is a question of its own; one of two is a pair."""
    return len(group.members) > _PAIR_SIZE and in_question(group.confidence, group.strongest, policy)


def is_shut(members: int, confidence: int, policy: Policy) -> bool:
    """Return whether the pairs inside a group are no questions: it is one itself, or is sure enough."""
    return members > _PAIR_SIZE or confidence >= policy.accept


def _items(
    result: Result, chosen: Chosen, found: Sequence[FoundGroup], judged: JudgedTrees, scan_id: str
) -> Iterator[list[NewItem]]:
    """Yield the items, some at a time."""
    for part in pairs_with_evidence(result, chosen.pairs, AT_ONCE):
        open_pairs = ((min(one, other), max(one, other), evidence) for one, other, evidence in part)
        yield [
            NewItem(PAIR, (one, other), item_evidence(evidence), scan_id=scan_id)
            for one, other, evidence in open_pairs
            if not judged.answer(one, other)
        ]
    for start in range(0, len(chosen.groups), AT_ONCE):
        yield _group_items(result, [found[place] for place in chosen.groups[start : start + AT_ONCE]], scan_id)


def _group_items(result: Result, groups: Sequence[FoundGroup], scan_id: str) -> list[NewItem]:
    ends = [group.weakest or (_ids(group)[0], _ids(group)[1]) for group in groups]
    return [
        NewItem(GROUP, _ids(group), item_evidence(evidence, confidence=group.confidence), scan_id=scan_id)
        for group, evidence in zip(groups, evidence_between(result, ends), strict=True)
    ]


def _ids(group: FoundGroup) -> tuple[str, ...]:
    return tuple(sorted(member.customer_id for member in group.members))


def _repeated(database: Database, scope: TenantScope, do_some: Callable[[Transaction], bool]) -> None:
    """Do something in short transactions for as long as there may be more."""
    more = True
    while more:
        with database.transaction(scope) as tx:
            review_items.write_alone(tx)
            more = do_some(tx)
