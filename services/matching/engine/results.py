"""Results owns what a scan gives back: groups, pairs, the model and the report, in the caller's ids."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.matching.domain.evidence import Evidence, probability
from services.matching.domain.model import Frequencies, Model
from services.matching.engine.arrays import Rows
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import Columns
from services.matching.engine.grouping import RowGroups
from services.matching.engine.model_arrays import counted_attributes
from services.matching.engine.online import evidence_of
from services.matching.engine.records import Records
from services.matching.engine.repeats import Distinct
from services.matching.engine.scan import Likely, ScoredPairs
from services.matching.engine.scoring import score_pairs


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
        return min(self.members, key=lambda member: (len(member), member))


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
    members = _input_rows(compared, groups)
    ids, rows = records.ids, compared.rows.tolist()
    order = sorted(range(len(members)), key=[inputs[0] for inputs in members].__getitem__)
    weights, confidences = groups.weight.tolist(), groups.confidence.tolist()
    named = []
    for number in order:
        first, second = groups.weakest[number]
        ends = ids[rows[first]], ids[rows[second]]
        names = tuple([ids[row] for row in members[number]])
        named.append(Group(names, confidences[number], ends, weights[number]))
    in_order = [members[number] for number in order]
    return Result(ids, named, in_order, model, records.columns, scored, compared.rows)


def _input_rows(compared: Distinct, groups: RowGroups) -> list[list[int]]:
    """Return the input rows of each group, in order."""
    if not len(compared.followers):
        return [sorted(members) for members in groups.members]
    rows, followers = compared.rows.tolist(), _followers(compared, groups)
    return [
        sorted([*(rows[member] for member in members), *followers.get(number, ())])
        for number, members in enumerate(groups.members)
    ]


def _followers(compared: Distinct, groups: RowGroups) -> dict[int, list[int]]:
    """Return the followers of each group: rows equal to two members that are together."""
    following: defaultdict[int, list[int]] = defaultdict(list)
    if not len(compared.followers):
        return following
    group_of = np.full(len(compared.rows), -1, np.int64)
    for number, members in enumerate(groups.members):
        group_of[members] = number
    first, second = group_of[compared.first], group_of[compared.second]
    together = (first >= 0) & (first == second)
    for number, row in zip(first[together].tolist(), compared.followers[together].tolist(), strict=True):
        following[number].append(row)
    return following
