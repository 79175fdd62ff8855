"""Results owns what a scan gives back: groups, pairs, the model and the report, in the caller's ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from services.matching.domain.evidence import Evidence, probability
from services.matching.domain.model import Frequencies, Model
from services.matching.engine.arrays import Rows, run_starts
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import Columns
from services.matching.engine.grouping import RowGroups
from services.matching.engine.model_arrays import counted_attributes
from services.matching.engine.online import evidence_of
from services.matching.engine.records import Records
from services.matching.engine.repeats import Distinct
from services.matching.engine.scan import Likely, ScoredPairs
from services.matching.engine.scoring import score_pairs

_ROW_BITS = 32


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are one; `confidence` and `weakest` tell the link that holds least."""

    members: tuple[str, ...]
    """In input order."""

    confidence: int
    weakest: tuple[str, str]
    weight: float
    """The match weight of the weakest link, which orders groups of one confidence."""

    @property
    def id(self) -> str:
        """Return the smallest id of a member, shorter ones first: the same in whatever order the rows come."""
        shortest = min(map(len, self.members))
        return min([member for member in self.members if len(member) == shortest])


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two records that may be one."""

    id_a: str
    id_b: str
    weight: float
    probability: float
    confidence: int


@dataclass(slots=True)
class Result:
    """The outcome of a scan."""

    ids: Sequence[str]
    groups: list[Group]
    rows: list[list[int]]
    """Input rows of the members of each group."""

    model: Model
    _columns: Columns
    _pairs: ScoredPairs
    _rows: Rows
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def frequencies(self) -> Frequencies:
        """Return how common values are among different people, for scoring other records later."""
        return self._columns.counted(counted_attributes(self.model))

    def parts(self, least: int) -> Iterator[Likely]:
        """Yield the pairs of at least this confidence as columns of input rows, some at a time."""
        for part in self._pairs.parts(least):
            yield Likely(self._rows[part.left], self._rows[part.right], part.weights, part.confidence)

    def evidence(self, left: Rows, right: Rows) -> list[Evidence]:
        """Return the evidence of pairs of input rows."""
        gamma, scored = score_pairs(Pairs(self._columns, left, right), self.model)
        return [evidence_of(gamma, scored, row, self.model) for row in range(len(left))]

    def pairs(self, least: int = 1) -> Iterator[ScoredPair]:
        """Yield the pairs of at least this confidence, in input order."""
        for part in self._pairs.parts(least):
            left, right = self._rows[part.left], self._rows[part.right]
            columns = (column.tolist() for column in (left, right, part.weights, part.confidence))
            for a, b, weight, confidence in zip(*columns, strict=True):
                yield ScoredPair(self.ids[a], self.ids[b], weight, probability(weight), confidence)


def result_of(records: Records, compared: Distinct, scored: ScoredPairs, groups: RowGroups, model: Model) -> Result:
    """Translate compared rows back to the caller's ids, with the rows that follow their equals."""
    rows, bounds = _input_rows(compared, groups)
    order = np.argsort(rows[bounds[:-1]], kind="stable")
    ends = compared.rows[np.array(groups.weakest, np.int64).reshape(-1, 2)]
    columns = (bounds[:-1], bounds[1:], ends, groups.confidence, groups.weight)
    ids, inputs, in_order, named = records.ids, rows.tolist(), [], []
    for begin, end, (first, second), confidence, weight in zip(*(one[order].tolist() for one in columns), strict=True):
        members = inputs[begin:end]
        in_order.append(members)
        named.append(Group(tuple([ids[row] for row in members]), confidence, (ids[first], ids[second]), weight))
    return Result(ids, named, in_order, model, records.columns, scored, compared.rows)


def _input_rows(compared: Distinct, groups: RowGroups) -> tuple[Rows, Rows]:
    """Return the input rows of all groups, one after the other and each in order, and where each group begins.

    A row that equals two members that are together is a member as well.
    """
    sizes = np.fromiter(map(len, groups.members), np.int64, len(groups.members))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    members = np.fromiter(chain.from_iterable(groups.members), np.int64, len(owner))
    group_of = np.full(len(compared.rows), -1, np.int64)
    group_of[members] = owner
    first = group_of[compared.first]
    together = (first >= 0) & (first == group_of[compared.second])
    owner = np.concatenate((owner, first[together]))
    packed = owner << _ROW_BITS | np.concatenate((compared.rows[members], compared.followers[together]))
    packed.sort()
    return packed & ((1 << _ROW_BITS) - 1), run_starts(packed >> _ROW_BITS)
