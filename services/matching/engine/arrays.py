"""Arrays owns the array types of the engine and the few operations that numpy lacks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Rows = NDArray[np.int64]
Levels = NDArray[np.int8]
Weights = NDArray[np.float64]
Mask = NDArray[np.bool_]

MISSING = -1


def first_of(size: int, cases: Sequence[tuple[Mask, Codes | int]], otherwise: int) -> Codes:
    """Return for each place the value of the first case that holds; np.select takes five times as long for few."""
    values = np.full(size, otherwise, np.int32)
    for holds, value in reversed(cases):
        np.copyto(values, value, where=holds)
    return values


def run_starts(ordered: NDArray[np.int64]) -> Rows:
    """Return where each run of equal values begins, with the length of the array at the end."""
    if not len(ordered):
        return np.zeros(1, np.int64)
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return np.concatenate(([0], changes, [len(ordered)])).astype(np.int64)


def mixed(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one 64-bit hash of two columns of integers, the same on every machine."""
    with np.errstate(over="ignore"):
        value = left.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        value += right.view(np.uint64)
        high = value >> np.uint64(32)
        value ^= high
        value *= np.uint64(0xD6E8FEB86659FD93)
        np.right_shift(value, np.uint64(32), out=high)
        value ^= high
    return value.view(np.int64)


def order_of(values: NDArray[np.int64]) -> Rows:
    """Return the places in the order of 64-bit hashes, equal ones in the order of their places.

    Hash and place share one integer, which sorts many times faster than sorting indirectly; where two hashes
    differ in what does not fit, they are sorted the slow way.
    """
    in_place = (1 << len(values).bit_length()) - 1
    packed = (values & ~in_place) | np.arange(len(values))
    packed.sort()
    order: Rows = packed & in_place
    ordered = values[order]
    packed &= ~in_place
    if ((packed[1:] == packed[:-1]) & (ordered[1:] != ordered[:-1])).any():
        return np.argsort(values, kind="stable")
    return order
