"""Bounds owns the most that a pair can weigh, by what shows at a glance, so that hopeless pairs are not looked at."""

from dataclasses import dataclass

import numpy as np

from services.matching.domain.ladder import Ladder
from services.matching.domain.model import Model
from services.matching.engine.arrays import Mask, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import Columns
from services.matching.engine.model_arrays import WeightTable, weight_tables
from services.matching.engine.scoring import assess

_ROUNDING = 1e-5


@dataclass(slots=True)
class Bounds:
    """For each comparison the most that any level behind a level can weigh."""

    columns: Columns
    model: Model
    behind: list[Weights]

    @staticmethod
    def of(columns: Columns, model: Model) -> "Bounds | None":
        """Return the bounds; None for a model whose weights do not add up."""
        if isinstance(model, Ladder):
            return None
        return Bounds(columns, model, [_behind(table, columns) for table in weight_tables(model)])

    def may_reach(self, left: Rows, right: Rows, least: float) -> Mask:
        """Return which pairs may weigh at least so many bits."""
        gamma = assess(Pairs(self.columns, left, right, at_a_glance=True), self.model)
        most = np.full(len(left), np.log2(self.model.prior(self.columns.population)) + _ROUNDING)
        tables = weight_tables(self.model)
        for table, behind, levels, values in zip(tables, self.behind, gamma.levels, gamma.values, strict=True):
            known = np.flatnonzero(levels >= 0)
            if len(known):
                found = levels[known]
                weight = table.match[found] - table.stranger_bits(self.columns, found, values[known], None)
                most[known] += np.maximum(weight, behind[found])
        return np.asarray(most >= least)


def _behind(table: WeightTable, columns: Columns) -> Weights:
    """Return the most that a level behind each one can weigh; the first one is only found where values are equal."""
    rarest = table.stranger.copy()
    for level, attribute in table.counted:
        bits = columns.rate_bits(attribute)
        if bits is not None and len(bits):
            rarest[level] = min(rarest[level], float(bits.min()))
    weights = (table.match - rarest)[:-1]
    behind = np.full(len(weights), -np.inf)
    for level in range(len(weights) - 2, 0, -1):
        behind[level] = max(behind[level + 1], weights[level + 1])
    return behind
