"""Scan owns the scoring of many pairs: in chunks, on all cores, keeping the likely ones within the memory budget."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from services.matching.domain.model import Model
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.blocking import Candidates
from services.matching.engine.columns import Columns
from services.matching.engine.options import Watch
from services.matching.engine.scoring import score_pairs

_CHUNK = 250_000
_BYTES_PER_PAIR = 1_500
LEAST_WEIGHT = -7.0
"""Bits; pairs below are no duplicates by any threshold and are not kept."""


@dataclass(slots=True)
class ScoredPairs:
    """Pairs that may be duplicates, in row order."""

    left: Rows
    right: Rows
    weights: Weights
    confidence: Levels

    def __len__(self) -> int:
        return len(self.left)


def scan(columns: Columns, found: Candidates, model: Model, threads: int, memory: int, watch: Watch) -> ScoredPairs:
    """Score all candidates and keep those that are not plainly different."""
    chunk = max(min(_CHUNK, memory // 4 // _BYTES_PER_PAIR), 1_000)
    starts = range(0, len(found), chunk)

    def score_chunk(start: int) -> ScoredPairs:
        part = slice(start, start + chunk)
        return score_rows(columns, found.left[part], found.right[part], model, LEAST_WEIGHT)

    kept = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for scored in _in_order(pool, score_chunk, starts, watch):
            kept.append(scored)
    return _joined(kept)


def score_rows(columns: Columns, left: Rows, right: Rows, model: Model, least: float) -> ScoredPairs:
    """Score pairs of rows and keep those of at least this weight."""
    _, scored = score_pairs(Pairs(columns, left, right), model)
    keep = scored.total >= least
    return ScoredPairs(left[keep], right[keep], scored.total[keep], scored.confidence[keep])


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[int], ScoredPairs], starts: range, watch: Watch
) -> Iterator[ScoredPairs]:
    """Yield results in the order of the input, however many threads there are."""
    for number, scored in enumerate(pool.map(work, starts)):
        watch.at("score", (number + 1) / len(starts))
        yield scored


def _joined(parts: list[ScoredPairs]) -> ScoredPairs:
    if not parts:
        nothing = np.zeros(0, np.int64)
        return ScoredPairs(nothing, nothing, np.zeros(0), np.zeros(0, np.int8))
    return ScoredPairs(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.confidence for part in parts]),
    )
