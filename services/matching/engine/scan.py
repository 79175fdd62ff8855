"""Scan owns the scoring of many pairs: some at a time, on all cores, keeping the likely ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.matching.domain.model import Model
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.bounds import Bounds
from services.matching.engine.candidates import Candidates, Slice
from services.matching.engine.columns import Columns
from services.matching.engine.crew import Crew
from services.matching.engine.memory import Shares
from services.matching.engine.scoring import score, score_pairs
from services.matching.engine.spool import Spool

LEAST_WEIGHT = -7.0
"""Bits; pairs below are no duplicates by any threshold and are not kept."""

_SCORED = np.dtype([("left", np.int32), ("right", np.int32), ("weight", np.float64), ("confidence", np.int8)])
_READ_AT_ONCE = 500_000


@dataclass(slots=True)
class Likely:
    """Some pairs that may be duplicates, in row order."""

    left: Rows
    right: Rows
    weights: Weights
    confidence: Levels


@dataclass(slots=True)
class ScoredPairs:
    """Pairs that may be duplicates, in row order, of all that were compared."""

    kept: Spool
    compared: int = 0

    def __len__(self) -> int:
        return len(self.kept)

    def parts(self, least: int) -> Iterator[Likely]:
        """Yield the pairs of at least this confidence, some at a time."""
        for begin in range(0, len(self.kept), _READ_AT_ONCE):
            part = self.kept.read(begin, begin + _READ_AT_ONCE)
            part = part[part["confidence"] >= least]
            rows = part["left"].astype(np.int64), part["right"].astype(np.int64)
            yield Likely(*rows, part["weight"], part["confidence"])


def scan(columns: Columns, found: Candidates, model: Model, shares: Shares, crew: Crew) -> ScoredPairs:
    """Score all candidates and keep those that are not plainly different."""

    bounds = Bounds.of(columns, model)

    def score_slice(chosen: Slice) -> tuple[int, np.ndarray]:
        left, right = found.pairs(chosen)
        return len(left), _likely(columns, left, right, model, bounds)

    scored = ScoredPairs(Spool(_SCORED, shares.scored))
    for compared, kept in crew.each("score", score_slice, found.slices(shares.at_once)):
        scored.compared += compared
        scored.kept.append(kept)
    return scored


def _likely(columns: Columns, left: Rows, right: Rows, model: Model, bounds: Bounds | None) -> np.ndarray:
    if bounds is None:
        _, scored = score_pairs(Pairs(columns, left, right), model)
    else:
        hopeful, gamma = bounds.hopeful(left, right, LEAST_WEIGHT)
        left, right, scored = left[hopeful], right[hopeful], score(gamma, model, columns.population)
    keep = np.flatnonzero(scored.total >= LEAST_WEIGHT)
    kept = np.empty(len(keep), _SCORED)
    kept["left"], kept["right"] = left[keep], right[keep]
    kept["weight"], kept["confidence"] = scored.total[keep], scored.confidence[keep]
    return kept
