"""Vocabulary owns the dictionary of distinct values behind a column, grown while records are encoded."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import count, islice

import numpy as np

from services.matching.engine.arrays import Codes


class Vocabulary:
    """Gives each distinct value the next code; '' is missing and gets -1."""

    def __init__(self) -> None:
        self._codes: defaultdict[str, int] = defaultdict(count(-1).__next__)
        self._missing = self._codes[""]
        self.values: list[str] = []

    def encode(self, values: Iterable[str]) -> Codes:
        """Return the code of each value, adding those that are new."""
        codes = np.fromiter(map(self._codes.__getitem__, values), np.int32)
        known = len(self.values) + 1
        if len(self._codes) > known:
            self.values.extend(islice(self._codes, known, None))
        return codes
