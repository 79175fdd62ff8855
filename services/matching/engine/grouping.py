"""Grouping owns the step from scored pairs to groups at a threshold, with the confidence of each group."""

from dataclasses import dataclass

import numpy as np

from services.matching.domain.model import Model
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.clusters import cluster
from services.matching.engine.columns import Columns
from services.matching.engine.exclusions import Exclusions
from services.matching.engine.linkage import FORBIDDEN
from services.matching.engine.scan import ScoredPairs
from services.matching.engine.scoring import link_weights, score_pairs, weight_of_confidence


@dataclass(slots=True)
class RowGroups:
    """Groups of compared rows, the weakest link of each, and that link's confidence."""

    members: list[list[int]]
    weakest: list[tuple[int, int]]
    confidence: Levels


def group(columns: Columns, scored: ScoredPairs, model: Model, exclusions: Exclusions, threshold: int) -> RowGroups:
    """Cluster what reaches the threshold; pairs that no key brought together are weighed as well."""

    def weigh(left: Rows, right: Rows) -> Weights:
        _, inside = score_pairs(Pairs(columns, left, right), model)
        weights = link_weights(inside.total, inside.confidence)
        weights[exclusions.among(left, right)] = FORBIDDEN
        return weights

    weights = link_weights(scored.weights, scored.confidence)
    clusters = cluster(columns.size, scored.left, scored.right, weights, weigh, weight_of_confidence(threshold))
    ends = np.array(clusters.weakest, np.int64).reshape(-1, 2)
    _, weakest = score_pairs(Pairs(columns, ends[:, 0], ends[:, 1]), model)
    return RowGroups(clusters.groups, clusters.weakest, weakest.confidence)
