"""Band owns the pairs of a scan that are neither plainly one nor plainly two, those with the most impact of them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.domain.evidence import Evidence
from services.matching.domain.review_item import urgency
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.results import Result

_ROOM = 20
"""How many times as many pairs as are wanted may be held before the others are dropped."""


@dataclass(slots=True)
class Uncertain:
    """Pairs of input rows, those with the most impact first."""

    left: Rows
    right: Rows
    weights: Weights
    confidence: Levels
    impact: Rows
    seen: int = 0
    """How many there were, of which these are kept."""

    def __len__(self) -> int:
        return len(self.left)

    def parts(self, size: int) -> Iterator["Uncertain"]:
        """Yield some at a time."""
        for start in range(0, len(self), size):
            yield self.chosen(np.arange(start, min(start + size, len(self))))

    def chosen(self, places: Rows) -> "Uncertain":
        """Return those at some places, in the order of these."""
        ends = self.left[places], self.right[places]
        return Uncertain(*ends, self.weights[places], self.confidence[places], self.impact[places], self.seen)

    def with_more(self, more: "Uncertain") -> "Uncertain":
        """Return these and others."""
        return Uncertain(
            np.concatenate([self.left, more.left]),
            np.concatenate([self.right, more.right]),
            np.concatenate([self.weights, more.weights]),
            np.concatenate([self.confidence, more.confidence]),
            np.concatenate([self.impact, more.impact]),
            self.seen + len(more),
        )

    def best(self, most: int) -> "Uncertain":
        """Return those with the most impact; of equal ones the likelier, then those of the first rows."""
        order = np.lexsort((self.right, self.left, -self.weights, -self.impact))
        return self.chosen(order[:most])


@dataclass(frozen=True, slots=True)
class Question:
    """What of a scan is in question: pairs from a confidence up to, and without, another one, and some groups.

    Groups are given by their place in the result. Pairs inside a group that is `shut` are no question of their own.
    """

    least: int
    below: int
    groups: Sequence[tuple[int, int]]
    """Place and confidence."""

    shut: Sequence[int]
    merged: Sequence[tuple[str, int]]
    """Ids that stand for further records, and how many."""

    most: int


@dataclass(slots=True)
class Chosen:
    """What is in question, that with the most impact; `groups` are places in the result."""

    pairs: Uncertain
    groups: list[int]
    left_out: int


def choose(result: Result, question: Question) -> Chosen:
    """Return what is in question, as much of it as was asked for. The ids of the result are in order."""
    records = _records(result.ids, question.merged)
    pairs = _pairs(result, question, records)
    of_groups = sorted(
        ((int(records[result.rows[place]].sum() - 1) * urgency(sure), place) for place, sure in question.groups),
        key=lambda one: (-one[0], one[1]),
    )
    impacts = np.concatenate([pairs.impact, np.array([impact for impact, _ in of_groups], np.int64)])
    chosen = np.argsort(-impacts, kind="stable")[: question.most]
    kept = np.sort(chosen[chosen < len(pairs)])
    groups = [of_groups[place - len(pairs)][1] for place in np.sort(chosen[chosen >= len(pairs)]).tolist()]
    return Chosen(pairs.chosen(kept), groups, pairs.seen + len(of_groups) - len(chosen))


def pairs_with_evidence(result: Result, pairs: Uncertain, size: int) -> Iterator[list[tuple[str, str, Evidence]]]:
    """Yield pairs of ids with their evidence, some at a time."""
    for part in pairs.parts(size):
        ends = zip(part.left.tolist(), part.right.tolist(), result.evidence(part.left, part.right), strict=True)
        yield [(result.ids[one], result.ids[other], evidence) for one, other, evidence in ends]


def evidence_between(result: Result, pairs: Sequence[tuple[str, str]]) -> list[Evidence]:
    """Return the evidence of pairs of ids."""
    left, right = (np.array([bisect_left(result.ids, pair[side]) for pair in pairs], np.int64) for side in (0, 1))
    return result.evidence(left, right)


def _records(ids: Sequence[str], merged: Sequence[tuple[str, int]]) -> Rows:
    """Return how many records each row stands for: itself, and those that are merged into it."""
    records = np.ones(len(ids), np.int64)
    for root_id, count in merged:
        row = bisect_left(ids, root_id)
        if row < len(ids) and ids[row] == root_id:
            records[row] += count
    return records


def _pairs(result: Result, question: Question, records: Rows) -> Uncertain:
    shut = np.full(len(result.ids), -1, np.int64)
    for place in question.shut:
        shut[result.rows[place]] = place
    urgencies = np.array([urgency(one) for one in range(101)])
    nothing = np.empty(0, np.int64)
    found = Uncertain(nothing, nothing, np.empty(0), np.empty(0, np.int8), nothing)
    for part in result.parts(question.least):
        kept = (part.confidence < question.below) & ((shut[part.left] < 0) | (shut[part.left] != shut[part.right]))
        left, right, confidence = part.left[kept], part.right[kept], part.confidence[kept]
        impact = (records[left] + records[right] - 1) * urgencies[confidence]
        fresh = Uncertain(left, right, part.weights[kept], confidence, impact)
        found = found.with_more(fresh)
        if len(found) > _ROOM * question.most:
            found = found.best(question.most)
    return found.best(question.most)
