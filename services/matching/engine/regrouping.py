"""Regrouping owns the grouping of a few records that hang together, by the linkage that scans use."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from services.matching.domain.evidence import probability
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import Frequencies, Model
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import Columns, columns_of
from services.matching.engine.linkage import FORBIDDEN, REQUIRED, linked, weakest_link
from services.matching.engine.repeats import tells_apart
from services.matching.engine.scoring import Scored, link_weights, score_pairs, weight_of_confidence

JUDGED = 100
"""The confidence of a link that a person judged, whatever the records say."""


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
    same: Sequence[tuple[int, int]] = (),
) -> list[Regrouped]:
    """Group records, all pairs weighed; pairs of `same` share a group, those of `different` never do, and win."""
    size = len(identities)
    if size < 2:
        return []  # all who were listed together may be gone
    left, right = np.triu_indices(size, k=1)
    columns = columns_of(identities, frequencies)
    _, scored = score_pairs(Pairs(columns, left.astype(np.int64), right.astype(np.int64)), model)
    square = np.full((size, size), FORBIDDEN)
    square[left, right] = link_weights(scored.total, scored.confidence)
    equal = _equal(identities, columns)
    for pairs, weight in ((equal, REQUIRED), (same, REQUIRED), (different, FORBIDDEN)):
        for one, other in pairs:
            square[min(one, other), max(one, other)] = weight
    required = square[left, right] == REQUIRED
    scored.confidence[required] = np.maximum(scored.confidence[required], threshold)
    square = np.maximum(square, square.T)
    links = {pair: row for row, pair in enumerate(zip(left.tolist(), right.tolist(), strict=True))}
    judged = {(min(pair), max(pair)) for pair in same}
    for pair in judged:
        scored.confidence[links[pair]] = JUDGED
    groups = linked(square, weight_of_confidence(threshold))
    return [_group(sorted(members), square, scored, links, judged) for members in groups if len(members) > 1]


def _equal(identities: Sequence[Identity], columns: Columns) -> list[tuple[int, int]]:
    """Return each record that says the same as an earlier one, with that one: they are one from the start."""
    telling = tells_apart(columns, np.arange(len(identities))).tolist()
    first: dict[Identity, int] = {}
    pairs = ((first.setdefault(one, row), row) for row, one in enumerate(identities) if telling[row])
    return [(one, other) for one, other in pairs if one != other]


def _group(
    members: list[int],
    square: np.ndarray,
    scored: Scored,
    links: dict[tuple[int, int], int],
    judged: set[tuple[int, int]],
) -> Regrouped:
    one, other = weakest_link(square, members)
    weakest = min(one, other), max(one, other)
    inside = list(combinations(members, 2))
    certain = {member for pair in judged.intersection(inside) for member in pair}
    strongest: dict[int, Link] = {}
    for pair in inside:
        link = _link(scored, links[pair])
        for member in pair:
            if member not in strongest or link.weight > strongest[member].weight:
                strongest[member] = link
    strongest |= {member: replace(strongest[member], confidence=JUDGED) for member in certain}
    return Regrouped(tuple(members), weakest, _link(scored, links[weakest]), strongest)


def _link(scored: Scored, row: int) -> Link:
    weight = float(scored.total[row])
    return Link(weight, probability(weight), int(scored.confidence[row]))
