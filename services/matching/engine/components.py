"""Components owns which rows hang together through links: connected components, on arrays."""

import numpy as np

from services.matching.engine.arrays import Rows


def components(size: int, left: Rows, right: Rows) -> Rows:
    """Return for each row the lowest row that it is connected with."""
    lowest = np.arange(size, dtype=np.int64)
    while len(left):
        roots = lowest[left], lowest[right]
        np.minimum.at(lowest, np.maximum(*roots), np.minimum(*roots))
        while not np.array_equal(jumped := lowest[lowest], lowest):
            lowest = jumped
        open_links = lowest[left] != lowest[right]
        left, right = left[open_links], right[open_links]
    return lowest
