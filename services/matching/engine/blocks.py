"""Blocks owns the rows that agree on a key: put together by one sort, and turned into pairs some at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.matching.domain.keys import Key
from services.matching.engine.arrays import MISSING, Codes, Mask, Rows, mixed, run_starts
from services.matching.engine.columns import Columns

Values = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(slots=True)
class Blocks:
    """Rows ordered by block, with the bounds of each block."""

    rows: Rows
    bounds: Rows

    @property
    def sizes(self) -> Rows:
        return np.diff(self.bounds)

    @property
    def pairs(self) -> Rows:
        """How many pairs each block gives."""
        sizes = self.sizes
        return sizes * (sizes - 1) // 2

    def select(self, keep: Mask) -> "Blocks":
        if keep.all():
            return self
        sizes = self.sizes
        rows = self.rows[np.repeat(keep, sizes)]
        return Blocks(rows, np.concatenate(([0], np.cumsum(sizes[keep]))))

    def batches(self, most: int) -> Iterator["Blocks"]:
        """Yield the blocks so many at a time that they give about `most` pairs."""
        if not len(self.rows):
            return
        spent = np.cumsum(self.pairs)
        cuts = np.unique(np.searchsorted(spent, np.arange(most, int(spent[-1]), most), side="right"))
        edges = [0, *(cut for cut in cuts.tolist() if 0 < cut < len(spent)), len(spent)]
        for first, last in pairwise(edges):
            bounds = self.bounds[first : last + 1]
            yield Blocks(self.rows[bounds[0] : bounds[-1]], bounds - bounds[0])


def pairs_in(blocks: Blocks) -> tuple[Rows, Rows]:
    """Return all pairs of rows inside each block."""
    ends = np.repeat(blocks.bounds[1:], blocks.sizes)
    partners = ends - np.arange(len(blocks.rows)) - 1
    left = np.repeat(np.arange(len(blocks.rows)), partners)
    first = np.cumsum(partners) - partners
    right = np.arange(1, len(left) + 1) + left - np.repeat(first, partners)
    return blocks.rows[left], blocks.rows[right]


def key_values(columns: Columns, key: Key) -> tuple[Rows, Values]:
    """Return (row, value of the key) for each record that has one, once for each combination of slots."""
    if all(columns[part].codes.shape[1] == 1 for part in key.parts):
        return _single_values(columns, key)
    rows, values = np.arange(columns.size), np.zeros(columns.size, np.int64)
    for part in key.parts:
        codes = columns[part].codes[rows]
        width = codes.shape[1]
        flat = codes.ravel()
        known = flat >= 0
        rows = np.repeat(rows, width)[known]
        values = mixed(np.repeat(values, width)[known], flat[known].astype(np.int64))
    return rows, values


def group(rows: Rows, values: Values) -> tuple[Blocks, Values]:
    """Order rows by value and keep the blocks of two and more.

    Value and row share one integer, since sorting those is many times faster than sorting indirectly; the
    low bits of the value, which is a hash, give way.
    """
    in_row = (1 << int(rows.max(initial=0)).bit_length()) - 1
    packed = (values & ~in_row) | rows
    packed.sort()
    ordered = packed & ~in_row
    bounds = run_starts(ordered)
    packed &= in_row
    blocks = Blocks(packed, bounds)
    shared = blocks.sizes > 1
    return blocks.select(shared), ordered[bounds[:-1]][shared]


def refine(columns: Columns, blocks: Blocks, values: Values, attribute: str) -> tuple[Blocks, Values]:
    """Divide blocks by a further attribute; rows without it leave."""
    codes = columns[attribute].codes[blocks.rows, 0]
    known = codes >= 0
    refined = mixed(np.repeat(values, blocks.sizes)[known], codes[known].astype(np.int64))
    return group(blocks.rows[known], refined)


def _single_values(columns: Columns, key: Key) -> tuple[Rows, Values]:
    parts = [_codes_of(columns, part, key) for part in key.parts]
    known = parts[0] >= 0
    for codes in parts[1:]:
        known &= codes >= 0
    rows = np.flatnonzero(known)
    found = [codes[rows].astype(np.int64) for codes in parts]
    if key.unordered:
        found = [np.minimum(*found), np.maximum(*found)]
    values = np.zeros(len(rows), np.int64)
    for codes64 in found:
        values = mixed(values, codes64)
    return rows, values


def _codes_of(columns: Columns, part: str, key: Key) -> Codes:
    """Return the codes of one part, in the vocabulary of the first where the parts may be swapped."""
    column, first = columns[part], columns[key.parts[0]]
    codes = column.codes[:, 0]
    if not key.unordered or column.values is first.values:
        return codes
    known = {value: code for code, value in enumerate(first.values)}
    numbers = [known.get(value, len(known) + code) for code, value in enumerate(column.values)]
    return np.append(np.array(numbers, np.int32), np.int32(MISSING))[codes]
