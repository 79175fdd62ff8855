"""Model arrays owns the model's weights as arrays, to be looked up by level."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.domain.model import RARE, Comparison, Model
from services.matching.engine.arrays import Codes, Levels, Mask, Weights
from services.matching.engine.columns import Columns

INHERITED = 0.2
"""The share of relatives of one given name who have it from one another, with the other names."""

_MOST_KEPT = 8
_kept: dict[int, tuple[Model, Sequence["WeightTable"]]] = {}


@dataclass(slots=True)
class Alike:
    """Which pairs are of namesakes, of one given name, and of another name, whatever else they share."""

    names: Mask
    given: Mask
    differ: Mask
    """Given or family name differs, where both have one."""


@dataclass(slots=True)
class WeightTable:
    """One comparison in bits by level, with a last entry of nothing for MISSING."""

    match: Weights
    """log2 of m."""

    stranger: Weights
    """log2 of u."""

    related: Weights
    """log2 of the probability among related people."""

    shared: Mask
    """Whether relatives differ from strangers here at all."""

    namesake: Weights | None
    """log2 of u among strangers of one name; None when the name suggests nothing here."""

    lift: Weights | None
    """What is added to `stranger` where given names are the same; None where they tell nothing."""

    related_lift: Weights | None
    """What is added to `related` there."""

    inherited: Weights | None
    """log2 of the probability among relatives of one given name, where that is another one; else None."""

    steps: Mask
    """Levels of values that are a digit apart."""

    counted: list[tuple[int, str]]
    """Levels whose value's own frequency matters, with its attribute."""

    def stranger_bits(self, columns: Columns, levels: Levels, values: Codes, alike: Alike | None) -> Weights:
        """Return log2 of u for each pair: of the value agreed on where it was counted, more where names are alike."""
        bits = self.stranger[levels]
        for level, attribute in self.counted:
            rate_bits = columns.rate_bits(attribute)
            if rate_bits is not None:
                at = np.flatnonzero((levels == level) & (values >= 0))
                bits[at] = rate_bits[values[at]]
        if alike is None:
            return bits
        if self.lift is not None:
            bits = np.where(alike.given, np.minimum(bits + self.lift[levels], 0.0), bits)
        return bits if self.namesake is None else np.where(alike.names, np.maximum(bits, self.namesake[levels]), bits)

    def related_gain(self, levels: Levels, stranger: Weights, alike: Alike) -> Weights:
        """Return how many bits likelier each pair is among related people than among strangers."""
        bits = self.related[levels]
        if self.related_lift is not None:
            bits = bits + np.where(alike.given, self.related_lift[levels], 0.0)
        gained = np.where(self.shared[levels], bits - stranger, 0.0)
        if self.inherited is None:
            return gained
        return np.where(alike.given, self.inherited[levels] - stranger, gained)


def weight_tables(model: Model) -> Sequence[WeightTable]:
    """Return a table for each comparison; kept for the models used last, since a call may score one pair alone."""
    found = _kept.get(id(model))
    if found is None or found[0] is not model:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[id(model)] = model, tuple(_table(comparison) for comparison in model.comparisons)
    return found[1]


def _table(comparison: Comparison) -> WeightTable:
    levels = comparison.levels
    lift, related_lift = _lift_bits(comparison)
    return WeightTable(
        _bits([level.m for level in levels]),
        _bits([level.u for level in levels]),
        _bits([level.u if level.related is None else level.related for level in levels]),
        np.array([*(level.related is not None for level in levels), False]),
        _namesake_bits(comparison),
        lift,
        related_lift,
        _inherited_bits(comparison),
        np.array([*(level.step for level in levels), False]),
        [(index, level.frequency_of) for index, level in enumerate(levels) if level.frequency_of],
    )


def counted_attributes(model: Model) -> list[str]:
    """Return the attributes whose value frequencies the model uses."""
    levels = (level for comparison in model.comparisons for level in comparison.levels)
    return list(dict.fromkeys(level.frequency_of for level in levels if level.frequency_of))


def _namesake_bits(comparison: Comparison) -> Weights | None:
    known = [level.among_namesakes for level in comparison.levels]
    return _bits([share or 0.0 for share in known]) if any(known) else None


def _inherited_bits(comparison: Comparison) -> Weights | None:
    shares = [INHERITED * level.m + (1.0 - INHERITED) * level.u for level in comparison.levels]
    return _bits(shares) if comparison.inherited else None


def _lift_bits(comparison: Comparison) -> tuple[Weights | None, Weights | None]:
    """Return what each level gains in strangers of one given name, and in relatives of one.

    The given name tells the value for a share of those who would differ; they never differ less than matches do.
    """
    levels, lift = comparison.levels, comparison.given_lift
    if not lift or lift == 1.0:
        return None, None
    strangers = [level.u for level in levels]
    agree = sum(strangers[:-1])
    told = min(agree * (lift - 1.0) / max(1.0 - agree, RARE), 1.0)
    related = [level.u if level.related is None else level.related for level in levels]
    return _told_bits(strangers, told, levels[-1].m), _told_bits(related, told, levels[-1].m)


def _told_bits(shares: list[float], told: float, least: float) -> Weights:
    """Return what levels gain where a share of those who differ would agree; the last one keeps at least `least`."""
    agree = max(sum(shares[:-1]), RARE)
    differ = min(max((1.0 - told) * shares[-1], least), shares[-1])
    gained = np.log2((agree + shares[-1] - differ) / agree)
    return np.array([gained] * (len(shares) - 1) + [np.log2(max(differ, RARE) / max(shares[-1], RARE)), 0.0])


def _bits(probabilities: list[float]) -> Weights:
    return np.asarray(np.log2(np.clip([*probabilities, 1.0], RARE, 1.0)))
