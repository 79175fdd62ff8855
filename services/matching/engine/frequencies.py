"""Frequencies owns how counts of values are kept in little room: two arrays, hashes and counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import log2

import numpy as np

from services.matching.domain.attributes import RARITY, USUAL_RARITY
from services.matching.domain.model import RARE, Frequencies
from services.matching.engine.arrays import Rows, Weights
from services.matching.engine.columns import FEW_RECORDS, SHIPPED_RATES, SHIPPED_RECORDS

VALUES_AT_ONCE = 100_000
_MOST_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class CompactCounts:
    """The counts of one attribute's values, 16 bytes each; two values of one hash, of 64 bits, would share a count."""

    hashes: Rows
    counts: Weights

    def get(self, value: str, default: float, /) -> float:
        """Return the count of a value, the default for one that is not there."""
        wanted = _hash(value)
        place = int(self.hashes.searchsorted(wanted))
        if place < len(self.hashes) and self.hashes[place] == wanted:
            return float(self.counts[place])
        return default

    @property
    def size(self) -> int:
        """Return how many bytes it takes."""
        return self.hashes.nbytes + self.counts.nbytes

    def parts(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the arrays as bytes, some values at a time."""
        for start in range(0, len(self.hashes), VALUES_AT_ONCE):
            part = slice(start, start + VALUES_AT_ONCE)
            yield self.hashes[part].astype("<i8").tobytes(), self.counts[part].astype("<f8").tobytes()

    @staticmethod
    def of(counts: Mapping[str, float]) -> "CompactCounts":
        """Return the counts of values in little room."""
        hashes = np.fromiter(map(_hash, counts), np.int64, len(counts))
        order = np.argsort(hashes, kind="stable")
        return CompactCounts(hashes[order], np.fromiter(counts.values(), np.float64, len(counts))[order])

    @staticmethod
    def joined(parts: list[tuple[bytes, bytes]]) -> "CompactCounts":
        """Return the counts of parts in their order."""
        hashes = np.frombuffer(b"".join(part[0] for part in parts), "<i8").astype(np.int64)
        return CompactCounts(hashes, np.frombuffer(b"".join(part[1] for part in parts), "<f8").astype(np.float64))


class Rates:
    """log2 of the chance that another record has a value, as columns calculate it for many values at once."""

    def __init__(self, frequencies: Frequencies) -> None:
        self._counts = frequencies.counts
        self._population = frequencies.records or 1
        self._known = SHIPPED_RECORDS * min(1.0, FEW_RECORDS / max(self._population, 1))
        self._found: dict[tuple[str, str], float] = {}

    def bits(self, attribute: str, value: str) -> float:
        """Return the rate of one value in bits."""
        found = self._found.get((attribute, value))
        if found is None:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            found = self._found[attribute, value] = self._bits(attribute, value)
        return found

    def _bits(self, attribute: str, value: str) -> float:
        counts = self._counts.get(attribute)
        others = (counts.get(value, 1.0) if counts is not None else 1.0) - 1.0
        usual = self._known * SHIPPED_RATES.get(attribute, 0.0)
        records = self._known + max(self._population - 1, 1)
        return log2(min(max((max(others, RARITY.get(attribute, USUAL_RARITY)) + usual) / records, RARE), 1.0))


def _hash(value: str) -> int:
    return int.from_bytes(blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
