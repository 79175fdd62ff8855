"""Exclusions owns which pairs may never be one: judged different, or of one source when sources are linked."""

from dataclasses import dataclass, replace

import numpy as np

from services.matching.engine.arrays import Codes, Mask, Rows
from services.matching.engine.blocking import Candidates
from services.matching.engine.options import Options
from services.matching.engine.records import Records


@dataclass(slots=True)
class Exclusions:
    """The pairs that are not compared and never share a group."""

    size: int
    sources: Codes | None
    different: Rows
    """Sorted numbers of the pairs judged different."""

    @staticmethod
    def of(records: Records, options: Options) -> "Exclusions":
        """Collect what the options exclude."""
        sources = records.sources if options.link_only else None
        different = np.zeros(0, np.int64)
        if options.different:
            row_of = {record_id: row for row, record_id in enumerate(records.ids)}
            known = [(row_of[a], row_of[b]) for a, b in options.different if a in row_of and b in row_of]
            different = np.unique(np.array([min(p) * len(records.ids) + max(p) for p in known], np.int64))
        return Exclusions(len(records.ids), sources, different)

    def among(self, left: Rows, right: Rows) -> Mask:
        """Return which of these pairs are excluded."""
        excluded = np.zeros(len(left), np.bool_)
        if self.sources is not None:
            excluded |= self.sources[left] == self.sources[right]
        if len(self.different):
            pairs = np.minimum(left, right) * self.size + np.maximum(left, right)
            excluded |= np.isin(pairs, self.different)
        return excluded

    def without(self, found: Candidates) -> Candidates:
        """Return the candidates that are not excluded."""
        keep = ~self.among(found.left, found.right)
        return found if keep.all() else replace(found, left=found.left[keep], right=found.right[keep])
