"""Bounds owns the most that a pair can weigh: by what shows at a glance, then look by look, until it is hopeless."""

from dataclasses import dataclass

import numpy as np

from services.matching.domain.ladder import Ladder
from services.matching.domain.model import Model
from services.matching.engine.arrays import Codes, Levels, Mask, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import Columns
from services.matching.engine.model_arrays import WeightTable, weight_tables
from services.matching.engine.scoring import Gamma, alike, assessor_of

_ROUNDING = 1e-5
_GUESSED = "email_name"
"""The comparison whose best level, too, is a guess at a glance; of others it is where values are equal."""

_COSTLY = (_GUESSED,)
"""Comparisons that are looked at last."""


@dataclass(slots=True)
class _Weighed:
    """One comparison of some pairs: levels, agreed values, and the most that it can weigh."""

    levels: Levels
    values: Codes
    most: Weights

    def select(self, keep: Mask | Rows) -> None:
        self.levels, self.values, self.most = self.levels[keep], self.values[keep], self.most[keep]


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
        tables = zip(model.comparisons, weight_tables(model), strict=True)
        return Bounds(columns, model, [_behind(table, columns, one.name == _GUESSED) for one, table in tables])

    def hopeful(self, left: Rows, right: Rows, least: float) -> tuple[Rows, Gamma]:
        """Return the places of the pairs that may weigh at least so many bits, and how those compare."""
        found = [self._glance(number, left, right) for number in range(len(self.behind))]
        most = sum((one.most for one in found), np.log2(self.model.prior(self.columns.population)) + _ROUNDING)
        rows = np.flatnonzero(most >= least)
        left, right, most = left[rows], right[rows], most[rows]
        for one in found:
            one.select(rows)
        of_all = [comparison.name for comparison in self.model.comparisons]
        for number in sorted(range(len(of_all)), key=lambda number: of_all[number] in _COSTLY):
            before = found[number].most.copy()
            if self._look(number, found[number], left, right):
                most += found[number].most - before
                keep = most >= least
                rows, left, right, most = rows[keep], left[keep], right[keep], most[keep]
                for one in found:
                    one.select(keep)
        by_name = dict(zip(of_all, found, strict=True))
        names = alike(by_name["given"].levels, by_name["family"].levels)
        return rows, Gamma(self.columns, [one.levels for one in found], [one.values for one in found], names)

    def _glance(self, number: int, left: Rows, right: Rows) -> _Weighed:
        """Compare without looking at values."""
        name = self.model.comparisons[number].name
        assessed = assessor_of(name)(Pairs(self.columns, left, right, at_a_glance=True))
        weights = self._weights(number, assessed.levels, assessed.values)
        known = np.flatnonzero(assessed.levels >= 0)
        weights[known] = np.maximum(weights[known], self.behind[number][assessed.levels[known]])
        return _Weighed(assessed.levels, assessed.values, weights)

    def _look(self, number: int, found: _Weighed, left: Rows, right: Rows) -> bool:
        """Compare again the pairs of which a glance does not tell all; return whether there are any."""
        name, last = self.model.comparisons[number].name, len(self.behind[number]) - 1
        doubtful = np.flatnonzero((found.levels >= int(name != _GUESSED)) & (found.levels < last))
        if len(doubtful):
            assessed = assessor_of(name)(Pairs(self.columns, left[doubtful], right[doubtful]))
            found.levels[doubtful], found.values[doubtful] = assessed.levels, assessed.values
            found.most[doubtful] = self._weights(number, assessed.levels, assessed.values)
        return bool(len(doubtful))

    def _weights(self, number: int, levels: Levels, values: Codes) -> Weights:
        """Return the most that each level weighs: namesakes agree more often, and differ less often."""
        weights, table = np.zeros(len(levels)), weight_tables(self.model)[number]
        known = np.flatnonzero(levels >= 0)
        if len(known):
            reached = levels[known]
            weights[known] = table.match[reached] - table.stranger_bits(self.columns, reached, values[known], None)
            if table.lift is not None:
                weights[known] -= np.minimum(table.lift, 0.0)[reached]
        return weights


def _behind(table: WeightTable, columns: Columns, guessed: bool) -> Weights:
    """Return the most that a level behind each one can weigh; the first one is sure where it is not guessed."""
    rarest = table.stranger.copy()
    for level, attribute in table.counted:
        bits = columns.rate_bits(attribute)
        if bits is not None and len(bits):
            rarest[level] = min(rarest[level], float(bits.min()))
    if table.lift is not None:
        rarest += np.minimum(table.lift, 0.0)
    weights = (table.match - rarest)[:-1]
    behind = np.full(len(weights), -np.inf)
    for level in range(len(weights) - 2, -1 if guessed else 0, -1):
        behind[level] = max(behind[level + 1], weights[level + 1])
    return behind
