"""Grouping owns the step from scored pairs to groups at a threshold, with the confidence of each group."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from services.matching.domain.model import Model
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.clusters import Clusters, Links, cluster
from services.matching.engine.columns import Columns
from services.matching.engine.crew import Crew
from services.matching.engine.exclusions import Exclusions
from services.matching.engine.linkage import FORBIDDEN, REQUIRED
from services.matching.engine.records import Records
from services.matching.engine.scan import ScoredPairs
from services.matching.engine.scoring import link_weights, score_pairs, weight_of_confidence

_AT_ONCE = 25_000


@dataclass(slots=True)
class RowGroups:
    """Groups of compared rows, the weakest link of each, and that link's weight and confidence."""

    members: list[list[int]]
    weakest: list[tuple[int, int]]
    weight: Weights
    confidence: Levels


def group(
    records: Records, scored: ScoredPairs, model: Model, exclusions: Exclusions, threshold: int, crew: Crew
) -> RowGroups:
    """Cluster what reaches the threshold; pairs that no key brought together are weighed as well."""

    columns = records.columns

    def weigh(left: Rows, right: Rows) -> Weights:
        weights = link_weights(*_scores(columns, left, right, model, crew, 0.5))
        weights[exclusions.required(left, right)] = REQUIRED
        weights[exclusions.among(left, right)] = FORBIDDEN
        return weights

    links = _links(scored, exclusions, threshold)
    least = weight_of_confidence(threshold)
    clusters = cluster(columns.size, links, weigh, least, exclusions.thin, partial(_by_id, records.ids))
    ends = np.array(clusters.weakest, np.int64).reshape(-1, 2)
    found = _scores(columns, ends[:, 0], ends[:, 1], model, crew, 1.0)
    return _held_by(clusters, ends, found, exclusions, threshold)


def _scores(columns: Columns, left: Rows, right: Rows, model: Model, crew: Crew, done: float) -> tuple[Weights, Levels]:
    """Return weight and confidence of each pair; `done` is how far the stage then is."""

    def part(begin: int) -> tuple[Weights, Levels]:
        chosen = slice(begin, begin + _AT_ONCE)
        _, scored = score_pairs(Pairs(columns, left[chosen], right[chosen]), model)
        return scored.total, scored.confidence

    crew.watch.at("cluster", done)
    parts = list(crew.each("cluster", part, range(0, len(left), _AT_ONCE), (done, done)))
    weights, confidences = zip(*parts, strict=True) if parts else ((), ())
    return (
        np.concatenate([np.zeros(0), *weights]),
        np.concatenate([np.zeros(0, np.int8), *confidences]),
    )


def _by_id(ids: Sequence[str], rows: Rows) -> Rows:
    """Return the rows by their ids, shorter ones first."""
    return np.array(sorted(rows.tolist(), key=lambda row: (len(ids[row]), ids[row])), np.int64)


def _links(scored: ScoredPairs, exclusions: Exclusions, threshold: int) -> Links:
    """Return the pairs that reach the threshold, and those that were judged to be one."""
    parts = list(scored.parts(threshold))
    left, right = exclusions.pairs_required()
    return Links(
        np.concatenate([left, *(part.left for part in parts)]),
        np.concatenate([right, *(part.right for part in parts)]),
        np.concatenate(
            [np.full(len(left), REQUIRED), *(link_weights(part.weights, part.confidence) for part in parts)]
        ),
    )


def _held_by(
    clusters: Clusters, ends: Rows, found: tuple[Weights, Levels], exclusions: Exclusions, threshold: int
) -> RowGroups:
    weights, confidence = found
    required = exclusions.required(ends[:, 0], ends[:, 1])
    confidence = np.where(required, np.maximum(confidence, threshold), confidence)
    confidence = np.where(exclusions.judged_same(ends[:, 0], ends[:, 1]), 100, confidence).astype(np.int8)
    return RowGroups(clusters.groups, clusters.weakest, weights, confidence)
