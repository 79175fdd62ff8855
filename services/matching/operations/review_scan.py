"""Review scan owns what of a scan waits for a person: pairs and groups between reject and accept, by impact."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from services.matching.domain.duplicate_group import FoundGroup
from services.matching.domain.evidence import Evidence
from services.matching.domain.judged_trees import JudgedTrees
from services.matching.domain.policy import Policy
from services.matching.domain.review_item import GROUP, MOST_OPEN, PAIR, ItemEvidence, NewItem, urgency
from services.matching.engine.band import Uncertain, uncertain_pairs
from services.matching.engine.results import Result
from services.matching.operations.review_conflicts import review_all_conflicts
from services.matching.store import policies, review_endings, review_items, standing_judgements
from services.runtime.database import Database, TenantScope

if TYPE_CHECKING:
    from services.matching.engine.arrays import Rows

AT_ONCE = 1_000
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
    records = _records(result.ids, merged)
    pairs = uncertain_pairs(result, (policy.reject, policy.accept), records, _shut(result, found, policy), MOST_OPEN)
    groups = [one for one in _groups(found, result, records, policy) if not judged.answer_all(_ids(one[1]))]
    kept_pairs, kept_groups = _with_most_impact(pairs, groups)
    for items in _items(result, kept_pairs, [group for _, group in kept_groups], judged, scan_id):
        with database.transaction(scope) as tx:
            review_items.open_items(tx, items)
    _end_unseen(database, scope, scan_id)
    with database.transaction(scope) as tx:
        review_endings.note_left_out(tx, pairs.seen + len(groups) - len(kept_pairs) - len(kept_groups))
        review_all_conflicts(tx)


def item_evidence(evidence: Evidence, version: str = "", confidence: int | None = None) -> ItemEvidence:
    """Return what an item keeps of the evidence of a pair; of a group that of its weakest link, and its confidence."""
    sure = evidence.confidence if confidence is None else confidence
    return ItemEvidence(sure, evidence.match_weight, version, evidence.matched_fields, evidence.levels)


def in_question(confidence: int, strongest: int, policy: Policy) -> bool:
    """Return whether a group of three or more is neither to be merged as it is nor to be left apart."""
    return confidence < policy.accept and strongest >= policy.reject


def _records(ids: Sequence[str], merged: Sequence[tuple[str, int]]) -> "Rows":
    """Return how many records each row stands for: one, and those that are merged into it. Ids are in order."""
    records = np.ones(len(ids), np.int64)
    for root_id, count in merged:
        row = bisect_left(ids, root_id)
        if row < len(ids) and ids[row] == root_id:
            records[row] += count
    return records


def _shut(result: Result, found: Sequence[FoundGroup], policy: Policy) -> "Rows":
    """Number the rows of groups whose inner pairs are no questions: the group is one itself, or is sure enough."""
    shut = np.full(len(result.ids), -1, np.int64)
    for number, (group, rows) in enumerate(zip(found, result.rows, strict=True)):
        if len(rows) > _PAIR_SIZE or group.confidence >= policy.accept:
            shut[rows] = number
    return shut


def _groups(
    found: Sequence[FoundGroup], result: Result, records: "Rows", policy: Policy
) -> Iterator[tuple[int, FoundGroup]]:
    """Yield the groups of three or more that are in question, with their impact."""
    for group, rows in zip(found, result.rows, strict=True):
        if len(rows) > _PAIR_SIZE and in_question(group.confidence, group.strongest, policy):
            yield int(records[rows].sum() - 1) * urgency(group.confidence), group


def _with_most_impact(
    pairs: Uncertain, groups: list[tuple[int, FoundGroup]]
) -> tuple[Uncertain, list[tuple[int, FoundGroup]]]:
    """Keep MOST_OPEN of pairs and groups together."""
    kept = sorted(groups, key=lambda one: (-one[0], one[1].group_id))[:MOST_OPEN]
    impacts = np.concatenate([pairs.impact, np.array([impact for impact, _ in kept], np.int64)])
    if len(impacts) <= MOST_OPEN:
        return pairs, kept
    chosen = np.argsort(-impacts, kind="stable")[:MOST_OPEN]
    of_pairs, of_groups = np.sort(chosen[chosen < len(pairs)]), np.sort(chosen[chosen >= len(pairs)])
    return pairs.chosen(of_pairs), [kept[place - len(pairs)] for place in of_groups.tolist()]


def _items(
    result: Result, pairs: Uncertain, groups: Sequence[FoundGroup], judged: JudgedTrees, scan_id: str
) -> Iterator[list[NewItem]]:
    """Yield the items, some at a time."""
    for part in pairs.parts(AT_ONCE):
        ends = zip(part.left.tolist(), part.right.tolist(), result.evidence(part.left, part.right), strict=True)
        named = ((tuple(sorted((result.ids[one], result.ids[other]))), evidence) for one, other, evidence in ends)
        yield [
            NewItem(PAIR, ids, item_evidence(evidence), scan_id=scan_id)
            for ids, evidence in named
            if not judged.answer(*ids)
        ]
    for start in range(0, len(groups), AT_ONCE):
        yield _group_items(result, groups[start : start + AT_ONCE], scan_id)


def _group_items(result: Result, groups: Sequence[FoundGroup], scan_id: str) -> list[NewItem]:
    ends = [group.weakest or _ids(group)[:2] for group in groups]
    left, right = (np.array([bisect_left(result.ids, pair[side]) for pair in ends]) for side in (0, 1))
    return [
        NewItem(GROUP, _ids(group), item_evidence(evidence, confidence=group.confidence), scan_id=scan_id)
        for group, evidence in zip(groups, result.evidence(left, right), strict=True)
    ]


def _ids(group: FoundGroup) -> tuple[str, ...]:
    return tuple(sorted(member.customer_id for member in group.members))


def _end_unseen(database: Database, scope: TenantScope, scan_id: str) -> None:
    more = True
    while more:
        with database.transaction(scope) as tx:
            more = review_endings.end_unseen(tx, scan_id, AT_ONCE)
