"""Linkage owns how components fall into groups: closest first, joining only what fits on the whole.

Components of one size are taken apart together; for each the outcome is the same as alone.
"""

import numpy as np

from services.matching.engine.arrays import Rows, Weights

DOUBT, CERTAIN = -12.0, 20.0
"""Weights count within these bounds, so that one pair, however sure, cannot outvote the others."""

FORBIDDEN = float("-inf")
REQUIRED = 1e6
"""The weight of two records that a person judged to be one; only a judgement against it keeps them apart."""


def linked(weights: Weights, least: float) -> list[list[int]]:
    """Return the groups of one component, whose weights are a square; see `all_linked`."""
    label = all_linked(weights[None], least)[0]
    return [np.flatnonzero(label == first).tolist() for first in np.unique(label)]


def all_linked(weights: Weights, least: float) -> Rows:
    """Join members while the average weight between two groups is at least `least`.

    `weights` has a square for each component, all of one size. Returns for each member the first one of its group.
    Members that were judged to be one are one member from the start: another record that fits one of them fits both.
    """
    count, size = weights.shape[:2]
    averages = np.clip(weights, DOUBT, CERTAIN)
    averages[weights >= REQUIRED] = np.inf
    averages[weights == FORBIDDEN] = FORBIDDEN
    averages[:, np.arange(size), np.arange(size)] = FORBIDDEN
    label = np.tile(np.arange(size), (count, 1))
    sizes = np.ones((count, size))
    at = np.arange(count)
    while len(at):
        best = averages.reshape(len(at), -1).argmax(axis=1)
        first, second = np.divmod(best, size)
        going = averages[np.arange(len(at)), first, second] >= least
        at, averages, first, second = at[going], averages[going], first[going], second[going]
        _join(averages, sizes, at, first, second)
        moved = label[at] == second[:, None]
        label[at] = np.where(moved, first[:, None], label[at])
    return np.asarray(_first_members(label))


def _join(averages: Weights, sizes: Weights, at: Rows, first: Rows, second: Rows) -> None:
    """Make the second group of each component a part of the first."""
    each = np.arange(len(at))
    one, other = averages[each, first], averages[each, second]
    share, further = sizes[at, first][:, None], sizes[at, second][:, None]
    apart = (one == FORBIDDEN) | (other == FORBIDDEN)
    required = one[each, second] == np.inf
    with np.errstate(invalid="ignore"):
        together = (np.where(apart, 0.0, one) * share + np.where(apart, 0.0, other) * further) / (share + further)
    together = np.where(required[:, None], np.maximum(one, other), together)
    together[apart] = FORBIDDEN
    together[each, first] = FORBIDDEN
    averages[each, first] = averages[each, :, first] = together
    averages[each, second] = averages[each, :, second] = FORBIDDEN
    sizes[at, first] += np.where(required, 0.0, sizes[at, second])


def _first_members(label: Rows) -> Rows:
    """Return for each member the first one of those that bear its label."""
    count, size = label.shape
    firsts = np.full((count, size), size)
    np.minimum.at(firsts, (np.arange(count)[:, None], label), np.arange(size))
    return np.take_along_axis(firsts, label, axis=1)


def weakest_link(weights: Weights, members: list[int]) -> tuple[int, int]:
    """Return the weakest of the strongest links that hold the members together."""
    first, second = weakest_links(weights[np.ix_(members, members)][None])[0].tolist()
    return members[first], members[second]


def weakest_links(inside: Weights) -> Rows:
    """Return for each group the weakest of the strongest links that hold it; `inside` has a square for each."""
    count, size = inside.shape[:2]
    each = np.arange(count)
    reached = inside[:, 0].copy()
    source = np.zeros((count, size), np.int64)
    joined = np.zeros((count, size), np.bool_)
    joined[:, 0] = True
    weakest, pair = np.full(count, np.inf), np.zeros((count, 2), np.int64)
    for _ in range(size - 1):
        following = np.where(joined, -np.inf, np.maximum(reached, -1e300)).argmax(axis=1)
        weaker = np.flatnonzero(reached[each, following] < weakest)
        weakest[weaker] = reached[weaker, following[weaker]]
        pair[weaker] = np.stack((source[weaker, following[weaker]], following[weaker]), axis=1)
        joined[each, following] = True
        links = inside[each, following]
        closer = ~joined & (links > reached)
        reached = np.where(closer, links, reached)
        source = np.where(closer, following[:, None], source)
    return pair
