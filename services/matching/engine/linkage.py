"""Linkage owns how one component falls into groups: closest first, joining only what fits on the whole."""

import numpy as np

from services.matching.engine.arrays import Weights

DOUBT, CERTAIN = -12.0, 20.0
"""Weights count within these bounds, so that one pair, however sure, cannot outvote the others."""

FORBIDDEN = float("-inf")
REQUIRED = 1e6
"""The weight of two records that a person judged to be one; only a judgement against it keeps them apart."""


def linked(weights: Weights, least: float) -> list[list[int]]:
    """Join members while the average weight between two groups is at least `least`; return the groups.

    Members that were judged to be one are one member from the start: another record that fits one of them fits both.
    """
    groups = [[member] for member in range(len(weights))]
    sizes = [1] * len(weights)
    averages = np.clip(weights, DOUBT, CERTAIN)
    averages[weights >= REQUIRED] = np.inf
    averages[weights == FORBIDDEN] = FORBIDDEN
    np.fill_diagonal(averages, FORBIDDEN)
    while True:
        first, second = divmod(int(averages.argmax()), len(averages))
        weight = averages[first, second]
        if weight < least:
            return [group for group in groups if group]
        if weight == np.inf:
            averages[first] = _best(averages[first], averages[second])
        else:
            averages[first] = _joined(averages[first], averages[second], sizes[first], sizes[second])
            sizes[first] += sizes[second]
        averages[:, first] = averages[first]
        averages[first, first] = FORBIDDEN
        averages[second, :] = averages[:, second] = FORBIDDEN
        groups[first].extend(groups[second])
        groups[second] = []


def _best(one: Weights, other: Weights) -> Weights:
    """Return the weight from two members that are one to each further one; what is forbidden to one stays so."""
    return np.where((one == FORBIDDEN) | (other == FORBIDDEN), FORBIDDEN, np.maximum(one, other))


def _joined(one: Weights, other: Weights, size: int, other_size: int) -> Weights:
    """Return the average weight from two groups together to each further one; what is forbidden to one stays so."""
    kept_apart = (one == FORBIDDEN) | (other == FORBIDDEN)
    together = np.where(kept_apart, 0.0, one) * size + np.where(kept_apart, 0.0, other) * other_size
    return np.where(kept_apart, FORBIDDEN, together / (size + other_size))


def weakest_link(weights: Weights, members: list[int]) -> tuple[int, int]:
    """Return the weakest of the strongest links that hold the members together."""
    inside = weights[np.ix_(members, members)].copy()
    reached = inside[0].copy()
    source = np.zeros(len(members), np.int64)
    reached[0] = np.inf
    joined = np.zeros(len(members), np.bool_)
    joined[0] = True
    weakest, pair = np.inf, (0, 0)
    for _ in range(len(members) - 1):
        following = int(np.argmax(np.where(joined, -np.inf, np.maximum(reached, -1e300))))
        if reached[following] < weakest:
            weakest, pair = float(reached[following]), (int(source[following]), following)
        joined[following] = True
        closer = ~joined & (inside[following] > reached)
        reached[closer], source[closer] = inside[following][closer], following
    return members[pair[0]], members[pair[1]]
