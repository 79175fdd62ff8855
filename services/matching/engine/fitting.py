"""Fitting owns one step of maximisation: shares of levels in each class, kept as shipped where the data cannot tell."""

from dataclasses import dataclass, field, replace

import numpy as np

from services.matching.domain.further import as_nothing, in_order, is_further
from services.matching.domain.model import Comparison, Model
from services.matching.engine.arrays import Levels, Weights
from services.matching.engine.scoring import Gamma
from services.matching.engine.shares import Observed, shares

FEWEST_AGREED = 10.0
"""Expected matches that have both values, below which the shares among matches stay as shipped."""

_SHIPPED_PAIRS = 20.0
_MOST_PER_RECORD = 20.0
_USUAL_AGREEING = 1.0
"""Pairs of one given name that agree as often as others, beside those observed."""

_DIFFERING = -1.0
"""Levels of at most so many shipped bits say that two values are different, not that one is misspelt."""

_MOST_AS_SHIPPED = 4.0
"""A share among relatives, or of matches that differ, is at most so many times the shipped one."""

_MOST_OF_STEPS = 8.0
"""Neighbours in a series, which are shipped as no evidence, are at most so many times as usual among matches."""


@dataclass(slots=True)
class Sample:
    """What is learned from: candidate pairs, each standing for `scale` of them, and levels of random pairs."""

    gamma: Gamma
    scale: Weights
    random: Observed
    records: int


@dataclass(slots=True)
class Fit:
    """A model, and for each comparison that the data could not teach the reason why it stayed as shipped."""

    model: Model
    kept: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Classes:
    """How many pairs each sampled one is: of matches, of relatives, and of strangers who are namesakes."""

    match: Weights
    related: Weights
    namesakes: Weights


def fit(model: Model, shipped: Model, sample: Sample, match: Weights, related: Weights) -> Fit:
    """Return the model that makes the sampled pairs likeliest, given what each of them is believed to be."""
    match, related = match * sample.scale, related * sample.scale
    per_record = 2.0 / sample.records
    fewest = 0.5 / sample.records
    updated = replace(
        model,
        duplicates_per_record=min(max(float(match.sum()) * per_record, fewest), _MOST_PER_RECORD),
        relatives_per_record=min(max(float(related.sum()) * per_record, fewest), _MOST_PER_RECORD),
    )
    classes = _Classes(match, related, np.where(sample.gamma.alike.names, sample.scale - match - related, 0.0))
    prior = updated.prior(sample.records), updated.related_prior(sample.records)
    found = Fit(updated)
    comparisons = []
    random = sample.random
    observed = zip(shipped.comparisons, sample.gamma.levels, random.levels, random.same_given, strict=True)
    matches = random.pairs * prior[0] * _given_agrees(model)
    for default, levels, strangers, same_given in observed:
        comparison, reason = _guarded(default, levels, strangers, classes, prior)
        if comparison is not default:
            comparison = _lifted(comparison, same_given, matches)
        comparisons.append(comparison)
        if reason:
            found.kept[default.name] = reason
    found.model = replace(updated, comparisons=tuple(comparisons))
    return found


def _guarded(
    default: Comparison, levels: Levels, random: Weights, classes: _Classes, prior: tuple[float, float]
) -> tuple[Comparison, str]:
    """Return the comparison as learned, or as shipped with the reason."""
    if not default.learned:
        return default, ""
    known = levels >= 0
    if not known.any() and not random.sum():
        return default, "no two records have a value"
    learned = _fitted(default, levels, random, classes, prior)
    agreed = float(classes.match[known].sum())
    if agreed < FEWEST_AGREED:
        kept = [
            replace(new, m=old.m, related=old.related) for new, old in zip(learned.levels, default.levels, strict=True)
        ]
        reason = f"{agreed:.1f} likely matches have both values"
        if is_further(default.name):
            return as_nothing(default), reason
        return replace(default, levels=tuple(kept)), f"{reason}; m is as shipped"
    first, last = learned.levels[0], learned.levels[-1]
    if first.weight <= 0 or last.weight >= 0:
        wrong = first if first.weight <= 0 else last
        unfit = as_nothing(default) if is_further(default.name) else default
        return unfit, f"the weight of '{wrong.name}' came out with the wrong sign ({wrong.weight:+.2f})"
    return in_order(learned) if is_further(default.name) else learned, ""


def _fitted(
    default: Comparison, levels: Levels, random: Weights, classes: _Classes, prior: tuple[float, float]
) -> Comparison:
    """Return one comparison with the shares found in each class, the shipped ones counting as a few pairs."""
    homes = [level.related for level in default.levels]
    namesakes = [level.among_namesakes for level in default.levels]
    m = _among_matches(levels, classes.match, default)
    u = _among_strangers(random, default)
    h = None if None in homes else _among_relatives(levels, classes.related, [home or 0.0 for home in homes])
    same = shares(levels, classes.namesakes, [share or 0.0 for share in namesakes])
    u = _without(u, [(prior[0], m)] if h is None else [(prior[0], m), (prior[1], h)])
    fitted = [
        replace(
            level,
            m=float(m[index]),
            u=max(float(u[index]), float(m[index]) / _MOST_OF_STEPS if level.step and level.weight < 0.0 else 0.0),
            related=None if h is None else float(h[index]),
            among_namesakes=None if level.among_namesakes is None else float(same[index]),
        )
        for index, level in enumerate(default.levels)
    ]
    return replace(default, levels=tuple(fitted))


def _given_agrees(model: Model) -> float:
    """Return the share of matches whose given names are the same."""
    return next((one.levels[0].m for one in model.comparisons if one.name == "given"), 1.0)


def _lifted(comparison: Comparison, same_given: Weights, matches: float) -> Comparison:
    """Say how much likelier strangers of one given name agree; `matches` are among the pairs of one given name."""
    if comparison.given_lift is None or not same_given.sum():
        return comparison
    agree = sum(level.m for level in comparison.levels[:-1]), sum(level.u for level in comparison.levels[:-1])
    strangers = max(float(same_given.sum()) - matches, 0.0)
    found = max(float(same_given[:-1].sum()) - matches * agree[0], 0.0)
    lift = (found + _USUAL_AGREEING) / (strangers * agree[1] + _USUAL_AGREEING)
    return replace(comparison, given_lift=float(min(max(lift, 1.0), 1.0 / max(agree[1], 1e-9))))


def _among_matches(levels: Levels, match: Weights, default: Comparison) -> Weights:
    """Return the shares among matches; if many differed in what hardly changes, they would be several people."""
    shipped = np.array([level.m for level in default.levels])
    found = shares(levels, match, shipped.tolist())
    most = _MOST_AS_SHIPPED * shipped
    many = np.array([level.step or level.weight <= _DIFFERING for level in default.levels]) & (found > most)
    rest = max(1.0 - float(most[many].sum()), 0.0)
    return np.where(many, most, found * rest / found[~many].sum())


def _among_relatives(levels: Levels, related: Weights, shipped: list[float]) -> Weights:
    """Return the shares among relatives; if many had one birth date or identifier, they would be the same people."""
    found = shares(levels, related, shipped)
    bounded = np.minimum(found, _MOST_AS_SHIPPED * np.array(shipped))
    bounded[-1] += 1.0 - bounded.sum()
    return bounded


def _among_strangers(random: Weights, default: Comparison) -> Weights:
    shipped = np.array([level.u for level in default.levels])
    counted = random + _SHIPPED_PAIRS * shipped
    return np.asarray(counted / counted.sum())


def _without(observed: Weights, classes: list[tuple[float, Weights]]) -> Weights:
    """Take out of what random pairs show the few among them that are matches or of relatives."""
    strangers = observed - sum(prior * share for prior, share in classes)
    strangers = np.maximum(strangers, 0.1 * observed)
    return np.asarray(strangers / strangers.sum())
