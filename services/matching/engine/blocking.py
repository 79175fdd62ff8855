"""Blocking owns which pairs of rows are compared: keys turned into blocks, blocks into pairs, within a budget."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from services.matching.domain.keys import KEYS, WIDE_KEYS, Key
from services.matching.engine.arrays import Rows, mixed, run_starts
from services.matching.engine.columns import Columns

EVERYONE = "everyone"
"""The kind reported when a file is so small that each record meets each other one."""

_EVERYONE_PAIRS = 2_000_000
_WIDE_RECORDS = 50_000
_WIDE_PAIRS = 200_000
_KIND_BITS = 5
_LARGEST_BLOCK = 3_000


@dataclass(slots=True)
class KeyReport:
    """What one key did: pairs it gave, pairs that only it found, records in blocks that were dropped."""

    kind: str
    pairs: int = 0
    only_here: int = 0
    refined_records: int = 0
    dropped_records: int = 0


@dataclass(slots=True)
class Candidates:
    """Pairs of rows to compare, left below right, each once."""

    left: Rows
    right: Rows
    keys: list[KeyReport] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.left)


@dataclass(slots=True)
class Blocks:
    """Rows ordered by block, with the bounds of each block."""

    rows: Rows
    bounds: Rows

    @property
    def sizes(self) -> Rows:
        return np.diff(self.bounds)

    def select(self, keep: np.ndarray) -> "Blocks":
        sizes = self.sizes
        rows = self.rows[np.repeat(keep, sizes)]
        return Blocks(rows, np.concatenate(([0], np.cumsum(sizes[keep]))))


def candidates(columns: Columns, budget: int) -> Candidates:
    """Return the pairs that share a key, with at most about `budget` pairs a key."""
    if columns.size * (columns.size - 1) // 2 <= min(_EVERYONE_PAIRS, budget):
        return everyone(columns.size)
    found: list[Rows] = []
    reports: list[KeyReport] = []
    wide = WIDE_KEYS if columns.size <= _WIDE_RECORDS else ()
    for number, key in enumerate((*KEYS, *wide)):
        report = KeyReport(key.kind)
        affordable = budget if number < len(KEYS) else _WIDE_PAIRS
        parts = [pairs_in(blocks) for blocks in _blocks_of(columns, key, affordable, report)]
        pairs = [np.minimum(left, right) * columns.size + np.maximum(left, right) for left, right in parts]
        found.append(np.unique(np.concatenate([np.zeros(0, np.int64), *pairs])) << _KIND_BITS | number)
        report.pairs = len(found[-1])
        reports.append(report)
    return _merge(found, reports, columns.size)


def everyone(size: int) -> Candidates:
    """Return all pairs of a small file."""
    left, right = np.triu_indices(size, k=1)
    return Candidates(left.astype(np.int64), right.astype(np.int64), [KeyReport(EVERYONE, len(left), len(left))])


def pairs_in(blocks: Blocks) -> tuple[Rows, Rows]:
    """Return all pairs of rows inside each block."""
    ends = np.repeat(blocks.bounds[1:], blocks.sizes)
    partners = ends - np.arange(len(blocks.rows)) - 1
    left = np.repeat(np.arange(len(blocks.rows)), partners)
    first = np.cumsum(partners) - partners
    right = left + 1 + np.arange(len(left)) - np.repeat(first, partners)
    return blocks.rows[left], blocks.rows[right]


def _merge(found: list[Rows], reports: list[KeyReport], size: int) -> Candidates:
    """Put the keys' pairs together, counting what only one of them found."""
    tagged = np.sort(np.concatenate(found))
    bounds = run_starts(tagged >> _KIND_BITS)
    first = tagged[bounds[:-1]]
    alone = first[np.diff(bounds) == 1] & ((1 << _KIND_BITS) - 1)
    for number, only_here in enumerate(np.bincount(alone, minlength=len(reports)).tolist()):
        reports[number].only_here = only_here
    left, right = np.divmod(first >> _KIND_BITS, size)
    return Candidates(left, right, reports)


def _blocks_of(columns: Columns, key: Key, budget: int, report: KeyReport) -> Iterator[Blocks]:
    """Yield the blocks of a key that fit the budget; those that do not are refined part by part."""
    rows, values = _key_values(columns, key)
    blocks, values = _group(rows, values)
    for refinement in (*key.refined_by, None):
        fits = _fitting(blocks.sizes, budget)
        yield blocks.select(fits)
        if fits.all():
            return
        blocks, values = blocks.select(~fits), values[~fits]
        if refinement is None:
            report.dropped_records = len(blocks.rows)
            return
        report.refined_records = report.refined_records or len(blocks.rows)
        codes = columns[refinement].codes[blocks.rows, 0]
        known = codes >= 0
        refined = mixed(np.repeat(values, blocks.sizes)[known], codes[known].astype(np.int64))
        blocks, values = _group(blocks.rows[known], refined)


def _fitting(sizes: Rows, budget: int) -> np.ndarray:
    """Return which blocks to expand: the smallest first, until the budget is spent."""
    order = np.sort(sizes)
    spent = np.cumsum(order * (order - 1) // 2)
    affordable = int(np.searchsorted(spent, budget, side="right"))
    largest = order[affordable] - 1 if affordable < len(order) else _LARGEST_BLOCK
    return sizes <= min(largest, _LARGEST_BLOCK)


def _key_values(columns: Columns, key: Key) -> tuple[Rows, Rows]:
    """Return (row, value of the key) for each record that has one, once for each combination of slots."""
    rows, values = np.arange(columns.size), np.zeros(columns.size, np.int64)
    parts = list(key.parts)
    if key.unordered:
        return _unordered(columns, key)
    for part in parts:
        codes = columns[part].codes[rows]
        width = codes.shape[1]
        flat = codes.ravel()
        known = flat >= 0
        rows = np.repeat(rows, width)[known]
        values = mixed(np.repeat(values, width)[known], flat[known].astype(np.int64))
    return rows, values


def _unordered(columns: Columns, key: Key) -> tuple[Rows, Rows]:
    first, second = (columns[part].codes[:, 0].astype(np.int64) for part in key.parts)
    rows = np.flatnonzero((first >= 0) & (second >= 0))
    low, high = np.minimum(first, second)[rows], np.maximum(first, second)[rows]
    return rows, mixed(low, high)


def _group(rows: Rows, values: Rows) -> tuple[Blocks, Rows]:
    """Order rows by value and keep the blocks of two and more.

    Value and row share one integer, since sorting those is many times faster than sorting indirectly; the
    low bits of the value, which is a hash, give way.
    """
    in_row = (1 << int(rows.max(initial=0)).bit_length()) - 1
    packed = (values & ~in_row) | rows
    packed.sort()
    ordered = packed & ~in_row
    bounds = run_starts(ordered)
    blocks = Blocks(packed & in_row, bounds)
    shared = blocks.sizes > 1
    return blocks.select(shared), ordered[bounds[:-1]][shared]
