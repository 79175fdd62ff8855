"""Candidates owns the pairs to compare: those of all keys put together, each once, a part of the rows at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from services.matching.engine.arrays import Mask, Rows, run_starts
from services.matching.engine.spool import Spool

KIND_BITS = 5
SEVERAL = (1 << KIND_BITS) - 1
"""The number of a pair that several keys found."""

_ROWS_PER_PART = 60_000
_FEWEST_PARTS = 4

Excluded = Callable[[Rows, Rows], Mask]
Slice = tuple[int, int, int]
"""Number of a part, where to begin and where to end."""


@dataclass(slots=True)
class KeyReport:
    """What one key did: pairs it gave, pairs that only it found, records in blocks that were too large."""

    kind: str
    pairs: int = 0
    only_here: int = 0
    refined_records: int = 0
    refined_by: list[str] = field(default_factory=list)
    largest_block: int = 0
    dropped_records: int = 0
    expected_matches: float | None = None
    """Matches among the pairs that only it found, as estimated from a sample."""

    shared: list[tuple[str, int]] = field(default_factory=list)
    """The values that most records share, too many to compare all of them, with how many do."""

    left_out: bool = False
    """Whether the pairs that only it found were not compared, since hardly any of them is one person."""

    def too_large(self, sizes: Rows, refinement: str | None) -> None:
        """Note blocks that are too large, and by what they are refined; None when they are dropped."""
        self.refined_records = self.refined_records or int(sizes.sum())
        self.largest_block = max(self.largest_block, int(sizes.max()))
        if refinement is None:
            self.dropped_records = int(sizes.sum())
        else:
            self.refined_by.append(refinement)

    @property
    def why(self) -> str:
        """Return in words what was done to the key, '' when nothing was."""
        told = []
        if self.refined_by:
            told.append(f"blocks of up to {self.largest_block:,} records, refined by {', '.join(self.refined_by)}")
        if self.dropped_records:
            told.append(f"{self.dropped_records:,} records in blocks that stayed too large")
        if self.left_out:
            told.append(f"about {self.expected_matches:,.0f} matches among {self.only_here:,} pairs of its own")
        return "; ".join(told)


class Candidates:
    """Pairs of rows, left below right, each once; a pair is packed as left, right and the key that found it."""

    def __init__(self, size: int, share: int) -> None:
        self.size = size
        self.keys: list[KeyReport] = []
        count = max(size // _ROWS_PER_PART, _FEWEST_PARTS)
        self._bits = max(size, 1).bit_length()
        self._edges = _edges(size, count) << (self._bits + KIND_BITS)
        self._parts = [Spool(np.int64, share // count) for _ in range(count)]
        self._left_out = np.zeros(SEVERAL + 1, np.bool_)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def spilled(self) -> bool:
        """Return whether some of the pairs are in temporary files."""
        return any(part.spilled for part in self._parts)

    def add(self, number: int, left: Rows, right: Rows) -> None:
        """Take pairs that one key found."""
        packed = np.minimum(left, right) << self._bits
        packed |= np.maximum(left, right)
        packed <<= KIND_BITS
        packed |= number
        packed.sort()
        cuts = np.searchsorted(packed, self._edges)
        for part, begin, end in zip(self._parts, cuts, [*cuts[1:], len(packed)], strict=True):
            if end > begin:
                part.append(packed[begin:end])

    def merge(self, number: int, excluded: Excluded, share: int) -> Rows:
        """Leave each pair of one part once, and none that is excluded.

        Returns how many each key found, and how many only it found.
        """
        tagged = np.sort(self._parts[number].read())
        tagged = tagged[run_starts(tagged)[:-1]]
        found = np.bincount(tagged & SEVERAL, minlength=SEVERAL + 1)
        bounds = run_starts(tagged >> KIND_BITS)
        first = tagged[bounds[:-1]]
        first[np.diff(bounds) > 1] |= SEVERAL
        excluded_here = excluded(*self._unpacked(first))
        self._parts[number] = merged = Spool(np.int64, share // len(self._parts))
        merged.append(first[~excluded_here] if excluded_here.any() else first)
        return np.stack((found, np.bincount(merged.read() & SEVERAL, minlength=SEVERAL + 1)))

    @property
    def parts(self) -> range:
        """Return the numbers of the parts."""
        return range(len(self._parts))

    def leave_out(self, number: int) -> None:
        """Compare no more pairs that only this key found."""
        self._left_out[number] = True

    def slices(self, most: int) -> list[Slice]:
        """Return slices of at most so many pairs, in order."""
        sizes = enumerate(map(len, self._parts))
        return [(part, begin, min(begin + most, size)) for part, size in sizes for begin in range(0, size, most)]

    def pairs(self, chosen: Slice) -> tuple[Rows, Rows]:
        """Return the pairs of a slice, without those left out."""
        part, begin, end = chosen
        packed = self._parts[part].read(begin, end)
        if self._left_out.any():
            packed = packed[~self._left_out[packed & SEVERAL]]
        return self._unpacked(packed)

    def found_by_several(self) -> Mask:
        """Return which pairs more than one key found, in the order of their places."""
        return np.concatenate([part.read() & SEVERAL == SEVERAL for part in self._parts])

    def take(self, places: Rows) -> tuple[Rows, Rows, Rows]:
        """Return left, right and the number of the key of the pairs at these places, which are in order."""
        found = list(self._taken(places))
        packed = np.concatenate(found) if found else np.zeros(0, np.int64)
        return *self._unpacked(packed), packed & SEVERAL

    def _taken(self, places: Rows) -> Iterator[Rows]:
        begin = 0
        for part in self._parts:
            first, last = np.searchsorted(places, (begin, begin + len(part)))
            if last > first:
                yield part.read()[places[first:last] - begin]
            begin += len(part)

    def _unpacked(self, packed: Rows) -> tuple[Rows, Rows]:
        pairs = packed >> KIND_BITS
        return pairs >> self._bits, pairs & ((1 << self._bits) - 1)


def _edges(size: int, count: int) -> Rows:
    """Return the first row of each part; a low row stands on the left of more pairs than a high one."""
    shares = np.arange(count) / count
    return np.asarray(size * (1.0 - np.sqrt(1.0 - shares)), np.int64)
