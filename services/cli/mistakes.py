"""Mistakes owns what a scan got wrong: strangers joined, and true pairs missed, each with the reason why."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from patronage.matching.v1 import matching_service_pb2 as pb
from services.cli.dedupe_input import Customers
from services.cli.explain_file import message_of, row_of
from services.cli.truth import Truth
from services.matching.engine.api import Result
from services.matching.engine.blocking import EVERYONE
from services.matching.engine.raw_pairs import Explanation, RawPairs
from services.matching.engine.scan import LEAST_WEIGHT

Pair = tuple[int, int]

MOST_EXPLAINED = 5_000
"""True pairs without a kept score that are looked into; of more, a sample."""

NEVER, BELOW, APART = "never compared", "compared, and taken for different", "likely, and kept apart from a group"
"""Why a true pair is not in one group."""


@dataclass(slots=True)
class Scores:
    """What a scan scored, by confidence 0 to 100 and by whole bits, divided by the truth."""

    right: list[int] = field(default_factory=lambda: [0] * 101)
    found: list[int] = field(default_factory=lambda: [0] * 101)
    bits: dict[bool, dict[int, int]] = field(default_factory=lambda: {True: {}, False: {}})
    true_pairs: dict[Pair, float] = field(default_factory=dict)
    """The match weight of each true pair that was scored."""

    joined: list[tuple[float, Pair]] = field(default_factory=list)
    """The likeliest pairs of strangers that share a group."""

    def add(self, pair: Pair, same: bool, weight: float, confidence: int) -> None:
        """Count one scored pair."""
        self.found[confidence] += 1
        self.right[confidence] += same
        whole = int(weight // 1)
        self.bits[same][whole] = self.bits[same].get(whole, 0) + 1
        if same:
            self.true_pairs[pair] = weight


@dataclass(slots=True)
class Missed:
    """True pairs that are not in one group, by why."""

    counts: dict[str, int] = field(default_factory=lambda: {NEVER: 0, BELOW: 0, APART: 0})
    compared: int = 0
    """True pairs that a key brought together, or that say the same."""

    examined: int = 0
    sampled: bool = False
    below: list[tuple[float, Pair]] = field(default_factory=list)
    never: list[tuple[float, Pair]] = field(default_factory=list)

    @property
    def reach(self) -> float:
        """Return the share of true pairs that were ever compared; 0 where nothing is true."""
        return self.compared / self.examined if self.examined else 0.0


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan of customers whose truth is known; `group_of` numbers the group of each row, -1 where it is alone."""

    customers: Customers
    result: Result
    truth: Truth
    group_of: list[int]
    pairs: RawPairs

    @staticmethod
    def of(customers: Customers, result: Result, truth: Truth, region: str) -> "Scanned":
        """Number the groups."""
        row_of_id = {record_id: row for row, record_id in enumerate(customers.ids)}
        group_of = [-1] * len(row_of_id)
        for number, group in enumerate(result.groups):
            for member in group.members:
                group_of[row_of_id[member]] = number
        return Scanned(customers, result, truth, group_of, RawPairs(result, region))

    @property
    def labels(self) -> list[int]:
        """Return a label for each row; rows alone have their own."""
        return [-1 - row if group < 0 else group for row, group in enumerate(self.group_of)]

    def together(self, left: int, right: int) -> bool:
        """Return whether two rows share a group."""
        return self.group_of[left] >= 0 and self.group_of[left] == self.group_of[right]

    def explain(self, pair: Pair) -> Explanation:
        """Return the account of two rows."""
        left, right = (row_of(self.customers, row) for row in pair)
        return self.pairs.explain(left, right)

    def message(self, pair: Pair) -> pb.Explanation:
        """Return the same as a message."""
        return message_of(self.explain(pair))


def scores_of(scanned: Scanned, worst: int) -> Scores:
    """Count every scored pair, and keep the likeliest strangers that were joined."""
    scores = Scores()
    row_of_id = {record_id: row for row, record_id in enumerate(scanned.customers.ids)}
    for found in scanned.result.pairs(0):
        left, right = sorted((row_of_id[found.id_a], row_of_id[found.id_b]))
        same = scanned.truth.same(left, right)
        scores.add((left, right), same, found.weight, found.confidence)
        if not same and scanned.together(left, right):
            keep = heapq.heappush if len(scores.joined) < worst else heapq.heappushpop
            keep(scores.joined, (found.weight, (left, right)))
    scores.joined.sort(reverse=True)
    return scores


def missed_of(scanned: Scanned, scores: Scores, least: float, worst: int) -> Missed:
    """Look at every true pair; `least` is the match weight from which pairs are linked."""
    missed, unscored = Missed(), list[Pair]()
    for pair in scanned.truth.pairs():
        missed.examined += 1
        weight = scores.true_pairs.get(pair)
        if weight is None:
            unscored.append(pair)
            continue
        missed.compared += 1
        if not scanned.together(*pair):
            missed.counts[BELOW if weight < least else APART] += 1
            missed.below.append((weight, pair))
    _look_into(scanned, scores, missed, unscored)
    missed.below = heapq.nsmallest(worst, missed.below)
    missed.never = heapq.nlargest(worst, missed.never)
    return missed


def _look_into(scanned: Scanned, scores: Scores, missed: Missed, unscored: list[Pair]) -> None:
    """Tell for pairs without a kept score whether they were compared; a large number is sampled and scaled up."""
    chosen = unscored
    if len(unscored) > MOST_EXPLAINED:
        missed.sampled = True
        chosen = random.Random(0).sample(unscored, MOST_EXPLAINED)  # noqa: S311 - a sample, no secret
    everyone = [key["kind"] for key in scanned.result.report["keys"]] == [EVERYONE]
    compared = never = below = 0
    for pair, weight, confidence, was_compared in _accounts(scanned, chosen, everyone):
        together = scanned.together(*pair)
        compared += was_compared
        never += not was_compared and not together
        below += was_compared and not together
        if was_compared and weight >= LEAST_WEIGHT:
            scores.add(pair, True, weight, confidence)
        if not together:
            (missed.below if was_compared else missed.never).append((weight, pair))
    scale = len(unscored) / max(len(chosen), 1)
    missed.compared += round(compared * scale)
    missed.counts[NEVER] += round(never * scale)
    missed.counts[BELOW] += round(below * scale)


def _accounts(scanned: Scanned, chosen: list[Pair], everyone: bool) -> Iterator[tuple[Pair, float, int, bool]]:
    """Yield weight, confidence and whether it was compared; a scan keeps every compared pair of LEAST_WEIGHT."""
    for pair in chosen:
        rows = tuple(row_of(scanned.customers, row) for row in pair)
        account = scanned.pairs.explain(*rows)
        if scanned.pairs.equal(*rows):  # one of them follows the other
            compared = True
        else:
            compared = everyone or (account.match_weight < LEAST_WEIGHT and bool(account.shared_keys))
        yield pair, account.match_weight, account.confidence, compared
