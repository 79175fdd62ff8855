"""Regrouping owns the grouping of a few records that hang together, by the linkage that scans use."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.domain.evidence import probability
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import Frequencies, Model
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import columns_of
from services.matching.engine.linkage import FORBIDDEN, linked, weakest_link
from services.matching.engine.scoring import Scored, link_weights, score_pairs, weight_of_confidence


@dataclass(frozen=True, slots=True)
class Link:
    """How strongly two records are one."""

    weight: float
    probability: float
    confidence: int


@dataclass(frozen=True, slots=True)
class Regrouped:
    """A group: members as places in the input, its weakest link, and each member's strongest link inside."""

    members: tuple[int, ...]
    weakest: tuple[int, int]
    weakest_link: Link
    strongest: dict[int, Link]


def regroup(
    identities: Sequence[Identity],
    model: Model,
    frequencies: Frequencies | None,
    threshold: int,
    different: Sequence[tuple[int, int]] = (),
) -> list[Regrouped]:
    """Group records, all pairs weighed; pairs of `different` never share a group."""
    size = len(identities)
    left, right = np.triu_indices(size, k=1)
    columns = columns_of(identities, frequencies)
    _, scored = score_pairs(Pairs(columns, left.astype(np.int64), right.astype(np.int64)), model)
    square = np.full((size, size), FORBIDDEN)
    square[left, right] = link_weights(scored.total, scored.confidence)
    for one, other in different:
        square[min(one, other), max(one, other)] = FORBIDDEN
    square = np.maximum(square, square.T)
    links = {pair: row for row, pair in enumerate(zip(left.tolist(), right.tolist(), strict=True))}
    groups = linked(square, weight_of_confidence(threshold))
    return [_group(sorted(members), square, scored, links) for members in groups if len(members) > 1]


def _group(members: list[int], square: np.ndarray, scored: Scored, links: dict[tuple[int, int], int]) -> Regrouped:
    one, other = weakest_link(square, members)
    weakest = min(one, other), max(one, other)
    strongest = {member: _link(scored, links, member, _closest(member, members, square)) for member in members}
    return Regrouped(tuple(members), weakest, _link(scored, links, *weakest), strongest)


def _closest(member: int, members: list[int], square: np.ndarray) -> int:
    return max((other for other in members if other != member), key=lambda other: float(square[member, other]))


def _link(scored: Scored, links: dict[tuple[int, int], int], one: int, other: int) -> Link:
    row = links[min(one, other), max(one, other)]
    weight = float(scored.total[row])
    return Link(weight, probability(weight), int(scored.confidence[row]))
