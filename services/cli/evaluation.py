"""Evaluation owns the figures of one scan whose truth is known: groups, pairs over thresholds, reach, mistakes."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from google.protobuf.json_format import MessageToDict

from services.cli.dedupe_input import Customers
from services.cli.explain_file import row_of
from services.cli.mistakes import Missed, Pair, Scanned, Scores, missed_of, scores_of
from services.cli.truth import Accuracy, Truth
from services.matching.engine.api import Result
from services.matching.engine.scoring import weight_of_confidence

Point = tuple[int, float, float, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a scan got right and wrong."""

    scanned: Scanned
    threshold: int
    clusters: Accuracy
    scores: Scores
    missed: Missed

    @property
    def curve(self) -> list[Point]:
        """Return threshold, precision, recall and F1 of pairs, from 1 upwards as far as anything is found."""
        right, found = (list(accumulate(reversed(counts))) for counts in (self.scores.right, self.scores.found))
        actual = self.scanned.truth.count()
        points = []
        for threshold in range(1, 101):
            at = Accuracy(right[100 - threshold], found[100 - threshold], actual)
            if at.found:
                points.append((threshold, at.precision, at.recall, at.f1))
        return points

    def plain(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "records": len(self.scanned.customers.ids),
            "true_pairs": self.scanned.truth.count(),
            "threshold": self.threshold,
            "clusters": _plain(self.clusters),
            "pairs": [
                dict(zip(("threshold", "precision", "recall", "f1"), point, strict=True)) for point in self.curve
            ],
            "blocking_recall": self.missed.reach,
            "missed": {**self.missed.counts, "sampled": self.missed.sampled},
            "worst": {
                "joined": [self._mistake(*one) for one in self.scores.joined],
                "missed": [self._mistake(*one) for one in self.missed.below],
                "never_compared": [self._mistake(*one) for one in self.missed.never],
            },
            "report": self.scanned.result.report,
        }

    def _mistake(self, weight: float, pair: Pair) -> dict[str, Any]:
        left, right = pair
        ids = self.scanned.customers.ids
        return {
            "ids": [ids[left], ids[right]],
            "match_weight": weight,
            "rows": [row_of(self.scanned.customers, row) for row in pair],
            "explanation": MessageToDict(self.scanned.message(pair), preserving_proto_field_name=True),
        }


def evaluation_of(
    customers: Customers, result: Result, truth: Truth, region: str, threshold: int, worst: int
) -> Evaluation:
    """Judge a scan; `worst` is how many mistakes of each kind are kept."""
    scanned = Scanned.of(customers, result, truth, region)
    scores = scores_of(scanned, worst)
    missed = missed_of(scanned, scores, weight_of_confidence(threshold), worst)
    return Evaluation(scanned, threshold, truth.judge(scanned.labels), scores, missed)


def _plain(accuracy: Accuracy) -> dict[str, float]:
    return {"precision": accuracy.precision, "recall": accuracy.recall, "f1": accuracy.f1}
