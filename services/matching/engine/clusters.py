"""Clusters owns the groups: what hangs together, without the bad links that would join two people."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.matching.engine.arrays import Rows, Weights
from services.matching.engine.blocking import Blocks, pairs_in
from services.matching.engine.components import components
from services.matching.engine.linkage import FORBIDDEN, linked, weakest_link

PairWeights = Callable[[Rows, Rows], Weights]
"""Scores any pairs of rows, those too that no key brought together."""

_TRIANGLE = ((0, 1), (0, 2), (1, 2))

LARGEST = 200
"""Members of a component that are weighed all against all; a larger one is cut at its weakest links first."""


@dataclass(slots=True)
class Clusters:
    """Groups of two and more rows, and for each the pair whose link is its weakest."""

    groups: list[list[int]]
    weakest: list[tuple[int, int]]


def cluster(size: int, left: Rows, right: Rows, weights: Weights, weigh: PairWeights, least: float) -> Clusters:
    """Group rows by their links of at least `least`; every pair inside a component is weighed."""
    found = Clusters([], [])
    strong = weights >= least
    left, right, weights = left[strong], right[strong], weights[strong]
    blocks = _component_blocks(components(size, left, right))
    too_large = blocks.sizes > LARGEST
    _split_large(found, size, (left, right, weights), blocks.select(too_large), weigh, least)
    _split_components(found, blocks.select(~too_large), weigh, least)
    return found


def _component_blocks(label: Rows) -> Blocks:
    order = np.argsort(label, kind="stable")
    sizes = np.bincount(label, minlength=len(label))
    sizes = sizes[sizes > 0]
    blocks = Blocks(order, np.concatenate(([0], np.cumsum(sizes))))
    return blocks.select(sizes > 1)


def _split_components(found: Clusters, blocks: Blocks, weigh: PairWeights, least: float) -> None:
    left, right = pairs_in(blocks)
    weights = weigh(left, right)
    sizes = blocks.sizes
    ends = np.cumsum(sizes * (sizes - 1) // 2).tolist()
    begin = 0
    for number, (size, end) in enumerate(zip(sizes.tolist(), ends, strict=True)):
        first = blocks.bounds[number]
        _split(found, blocks.rows[first : first + size].tolist(), weights[begin:end], least)
        begin = end


def _split(found: Clusters, rows: list[int], weights: Weights, least: float) -> None:
    """Take one component apart, given the weights of all its pairs in order."""
    if len(rows) == 2:
        if weights[0] >= least:
            found.groups.append(rows)
            found.weakest.append((rows[0], rows[1]))
        return
    if len(rows) == 3 and weights.min() >= least:
        found.groups.append(rows)
        one, other = _TRIANGLE[int(np.argsort(weights, kind="stable")[1])]
        found.weakest.append((rows[one], rows[other]))
        return
    square = np.full((len(rows), len(rows)), FORBIDDEN)
    square[np.triu_indices(len(rows), k=1)] = weights
    square = np.maximum(square, square.T)
    for members in linked(square, least):
        if len(members) > 1:
            members.sort()
            weakest = weakest_link(square, members)
            found.groups.append([rows[member] for member in members])
            found.weakest.append((rows[weakest[0]], rows[weakest[1]]))


def _split_large(
    found: Clusters,
    size: int,
    links: tuple[Rows, Rows, Weights],
    blocks: Blocks,
    weigh: PairWeights,
    least: float,
) -> None:
    """Cut a component that is too large to weigh by asking stronger and stronger links of it."""
    if not len(blocks.rows):
        return
    inside = np.zeros(size, np.bool_)
    inside[blocks.rows] = True
    chosen = inside[links[0]]
    left, right, weights = links[0][chosen], links[1][chosen], links[2][chosen]
    stronger = float(np.quantile(weights, 0.25)) + 1.0
    if not (weights >= stronger).any():
        stronger = float(weights.max())
        keep = weights < stronger
        if not keep.any():
            _keep_whole(found, blocks, left, right)
            return
    further = cluster(size, left, right, weights, weigh, max(stronger, least + 1.0))
    found.groups.extend(further.groups)
    found.weakest.extend(further.weakest)


def _keep_whole(found: Clusters, blocks: Blocks, left: Rows, right: Rows) -> None:
    """Keep components as they are whose links are all equally strong."""
    for number in range(len(blocks.sizes)):
        rows = blocks.rows[blocks.bounds[number] : blocks.bounds[number + 1]].tolist()
        found.groups.append(rows)
        found.weakest.append((rows[0], rows[1]))
