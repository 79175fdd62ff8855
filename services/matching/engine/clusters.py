"""Clusters owns the groups: what hangs together, without the bad links that would join two people."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from services.matching.engine.arrays import Mask, Rows, Weights, run_starts
from services.matching.engine.blocks import Blocks, pairs_in
from services.matching.engine.components import components
from services.matching.engine.linkage import CERTAIN, DOUBT, FORBIDDEN, REQUIRED, all_linked, weakest_links

PairWeights = Callable[[Rows, Rows], Weights]
"""Scores any pairs of rows, those too that no key brought together."""

Thin = Callable[[Rows], Rows]
"""Takes rows and gives them back: in another order, or without those that may not be one with another."""

_TRIANGLE = np.array([(0, 1), (0, 2), (1, 2)])
_PAIRS_AT_ONCE = 50_000

LARGEST = 200
"""Members of a component that are weighed all against all; a larger one is cut at its weakest links first."""


@dataclass(slots=True)
class Links:
    """Pairs of rows with their weights, each pair once."""

    left: Rows
    right: Rows
    weights: Weights

    def select(self, keep: Mask) -> "Links":
        return Links(self.left[keep], self.right[keep], self.weights[keep])


@dataclass(slots=True)
class Clusters:
    """Groups of two and more rows, and for each the pair whose link is its weakest."""

    groups: list[list[int]] = field(default_factory=list)
    weakest: list[tuple[int, int]] = field(default_factory=list)

    def add(self, rows: list[int], weakest: tuple[int, int]) -> None:
        self.groups.append(rows)
        self.weakest.append(weakest)

    def add_many(self, rows: Rows, weakest: Rows) -> None:
        """Add groups of one size, a line each."""
        self.groups.extend(rows.tolist())
        self.weakest.extend(map(tuple, weakest.tolist()))


def cluster(
    size: int, links: Links, weigh: PairWeights, least: float, thin: Thin = np.copy, arrange: Thin = np.copy
) -> Clusters:
    """Group rows by their links of at least `least`; every pair inside a component is weighed.

    `arrange` orders rows in a way that does not depend on their places, which decides between equal weights.
    """
    found = Clusters()
    links = links.select(links.weights >= least)
    blocks = _component_blocks(size, links)
    sizes = blocks.sizes
    pairs = blocks.select(sizes == 2).rows.reshape(-1, 2)
    found.add_many(pairs, pairs)
    for batch in blocks.select((sizes > 2) & (sizes <= LARGEST)).batches(_PAIRS_AT_ONCE):
        _split_components(found, _arranged(batch, arrange), weigh, least)
    large = blocks.select(sizes > LARGEST)
    if len(large.rows):
        _split_large(found, links.select(_inside(size, large)[links.left]), large, (size, weigh, least, thin, arrange))
    return found


def _component_blocks(size: int, links: Links) -> Blocks:
    label = components(size, links.left, links.right)
    linked_rows = np.zeros(size, np.bool_)
    linked_rows[links.left] = linked_rows[links.right] = True
    rows = np.flatnonzero(linked_rows)
    order = np.argsort(label[rows], kind="stable")
    sizes = np.bincount(label[rows], minlength=1)
    return Blocks(rows[order], np.concatenate(([0], np.cumsum(sizes[sizes > 0]))))


def _split_components(found: Clusters, blocks: Blocks, weigh: PairWeights, least: float) -> None:
    """Take components of three and more apart, given the weights of all pairs inside."""
    left, right = pairs_in(blocks)
    weights = weigh(left, right)
    pairs = blocks.pairs
    begins = np.cumsum(pairs) - pairs
    three = np.flatnonzero(blocks.sizes == 3)
    sides = weights[begins[three][:, None] + np.arange(3)]
    plain = ((sides > FORBIDDEN) & (sides < REQUIRED)).all(axis=1)
    _split_triangles(found, blocks.rows[blocks.bounds[three[plain]][:, None] + np.arange(3)], sides[plain], least)
    others = np.ones(len(pairs), np.bool_)
    others[three[plain]] = False
    sizes = np.where(others, blocks.sizes, 0)
    for size in np.unique(sizes[others]).tolist():
        alike = np.flatnonzero(sizes == size)
        rows = blocks.rows[blocks.bounds[alike][:, None] + np.arange(size)]
        _split(found, rows, weights[begins[alike][:, None] + np.arange(size * (size - 1) // 2)], least)


def _split_triangles(found: Clusters, rows: Rows, sides: Weights, least: float) -> None:
    """Do for many components of three at once what `linked` does for one."""
    order = np.argsort(-sides, axis=1, kind="stable")
    strongest = np.take_along_axis(rows, _TRIANGLE[order[:, 0]], axis=1)
    middle = np.take_along_axis(rows, _TRIANGLE[order[:, 1]], axis=1)
    others = np.clip(np.take_along_axis(sides, order[:, 1:], axis=1), DOUBT, CERTAIN)
    whole = others.mean(axis=1) >= least
    found.add_many(rows[whole], middle[whole])
    found.add_many(strongest[~whole], strongest[~whole])


def _split(found: Clusters, rows: Rows, weights: Weights, least: float) -> None:
    """Take components of one size apart, a line each, given the weights of all their pairs in order."""
    count, size = rows.shape
    square = np.full((count, size, size), FORBIDDEN)
    square[:, *np.triu_indices(size, k=1)] = weights
    square = np.maximum(square, square.transpose(0, 2, 1))
    label = all_linked(square, least)
    owner = np.repeat(np.arange(count), size)
    group_of = owner * size + label.ravel()
    members = Blocks(np.argsort(group_of, kind="stable"), run_starts(np.sort(group_of)))
    for length in np.unique(members.sizes[members.sizes > 1]).tolist():
        alike = members.select(members.sizes == length).rows.reshape(-1, length)
        places, whose = alike % size, alike[:, :1] // size
        pairs = weakest_links(square[whose[:, :, None], places[:, :, None], places[:, None, :]])
        grouped = np.take_along_axis(rows[whose[:, 0]], places, axis=1)
        found.add_many(grouped, np.take_along_axis(grouped, pairs, axis=1))


def _split_large(
    found: Clusters, links: Links, blocks: Blocks, how: tuple[int, PairWeights, float, Thin, Thin]
) -> None:
    """Cut components that are too large to weigh by asking stronger and stronger links of them."""
    size, weigh, least, thin, arrange = how
    stronger = float(np.quantile(links.weights, 0.25)) + 1.0
    if not (links.weights >= stronger).any():
        stronger = float(links.weights.max())
        if not (links.weights < stronger).any():
            _keep_whole(found, blocks, thin)
            return
    further = cluster(size, links, weigh, max(stronger, least + 1.0), thin, arrange)
    found.groups.extend(further.groups)
    found.weakest.extend(further.weakest)


def _inside(size: int, blocks: Blocks) -> Mask:
    inside = np.zeros(size, np.bool_)
    inside[blocks.rows] = True
    return inside


def _arranged(blocks: Blocks, arrange: Thin) -> Blocks:
    """Return the blocks with the rows of each in an order of their own."""
    block_of = np.zeros(int(blocks.rows.max()) + 1, np.int64)
    block_of[blocks.rows] = np.repeat(np.arange(len(blocks.sizes)), blocks.sizes)
    rows = arrange(blocks.rows)
    return Blocks(rows[np.argsort(block_of[rows], kind="stable")], blocks.bounds)


def _keep_whole(found: Clusters, blocks: Blocks, thin: Thin) -> None:
    """Keep components as they are whose links are all equally strong, without members that may not be in one."""
    for number in range(len(blocks.sizes)):
        rows = thin(blocks.rows[blocks.bounds[number] : blocks.bounds[number + 1]]).tolist()
        if len(rows) > 1:
            found.add(rows, (rows[0], rows[1]))
