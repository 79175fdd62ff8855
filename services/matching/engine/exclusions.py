"""Exclusions owns what holds of pairs whatever their weight: which may never be one, and which are."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from services.matching.engine.arrays import Codes, Mask, Rows
from services.matching.engine.options import Options
from services.matching.engine.records import Records

_NO_PAIRS = np.zeros(0, np.int64), np.zeros(0, np.int64)


@dataclass(slots=True)
class Exclusions:
    """The pairs that never share a group, judged different or of one source, and those that were judged to be one."""

    size: int
    sources: Codes | None
    different: Rows
    """Sorted numbers of the pairs judged different."""

    same: Rows
    """Sorted numbers of the pairs judged to be one, without those judged different as well."""

    equal: Rows
    """Sorted numbers of the pairs of equal rows that are one, without those that may not share a group."""

    @staticmethod
    def of(records: Records, options: Options, equal: tuple[Rows, Rows] = _NO_PAIRS) -> "Exclusions":
        """Collect what the options say of pairs."""
        sources = records.sources if options.link_only else None
        row_of = {record_id: row for row, record_id in enumerate(records.ids)} if judged_ids(options) else {}
        different, same = (_numbers(pairs, row_of) for pairs in (options.different, options.same))
        size = len(records.ids)
        equals = np.unique(np.minimum(*equal) * size + np.maximum(*equal))
        equals = np.setdiff1d(equals, different) if sources is None else equals[:0]
        return Exclusions(size, sources, different, np.setdiff1d(same, different), equals)

    def among(self, left: Rows, right: Rows) -> Mask:
        """Return which of these pairs are excluded."""
        excluded = np.zeros(len(left), np.bool_)
        if self.sources is not None:
            excluded |= self.sources[left] == self.sources[right]
        if len(self.different):
            excluded |= np.isin(self._numbers(left, right), self.different)
        return excluded

    def judged_same(self, left: Rows, right: Rows) -> Mask:
        """Return which of these pairs were judged to be one."""
        return np.isin(self._numbers(left, right), self.same)

    def required(self, left: Rows, right: Rows) -> Mask:
        """Return which of these pairs are one, as judged or since they say the same."""
        numbers = self._numbers(left, right)
        return np.isin(numbers, self.same) | np.isin(numbers, self.equal)

    def pairs_required(self) -> tuple[Rows, Rows]:
        """Return the pairs that are one whatever their weight."""
        left, right = np.divmod(np.union1d(self.same, self.equal), max(self.size, 1))
        return left, right

    def thin(self, rows: Rows) -> Rows:
        """Leave out rows that may not be one with an earlier one."""
        if self.sources is None and not len(self.different):
            return rows
        kept = rows[:1]
        for row in rows[1:]:
            if not self.among(kept, np.full(len(kept), row)).any():
                kept = np.append(kept, row)
        return kept

    def _numbers(self, left: Rows, right: Rows) -> Rows:
        return np.minimum(left, right) * self.size + np.maximum(left, right)


def judged_ids(options: Options) -> set[str]:
    """Return the ids that a judgement names."""
    return {record_id for pair in (*options.different, *options.same) for record_id in pair}


def _numbers(pairs: Iterable[tuple[str, str]], row_of: dict[str, int]) -> Rows:
    known = [(row_of[a], row_of[b]) for a, b in pairs if a in row_of and b in row_of and a != b]
    return np.unique(np.array([min(pair) * len(row_of) + max(pair) for pair in known], np.int64))
