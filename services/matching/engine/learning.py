"""Learning owns how the weights follow the data at hand: expectation maximisation from the shipped model."""

from dataclasses import dataclass, field, replace

import numpy as np

from services.matching.domain.model import RARE, Comparison, Level, Model
from services.matching.engine.arrays import Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.blocking import Candidates
from services.matching.engine.columns import Columns
from services.matching.engine.model_arrays import weight_tables
from services.matching.engine.scoring import Gamma, assess

_CANDIDATE_SAMPLE = 300_000
_RANDOM_SAMPLE = 300_000
_ROUNDS = 25
_FEWEST_MATCHES = 30.0
_SHIPPED_PAIRS = 20.0
"""How many pairs the shipped weights count as, beside those observed."""


@dataclass(slots=True)
class Learned:
    """A model fitted to the data, and what was kept from the shipped one, with the reason."""

    model: Model
    rounds: int
    expected_matches: float
    kept: dict[str, str] = field(default_factory=dict)


def learn(columns: Columns, found: Candidates, shipped: Model, seed: int) -> Learned:
    """Fit the model to the candidates of one file."""
    generator = np.random.default_rng(seed)
    everything = columns.population * (columns.population - 1) / 2
    if len(found) < _FEWEST_MATCHES:
        return Learned(shipped, 0, 0.0, {"model": "too few candidate pairs"})
    model = with_observed_strangers(shipped, assess(_random_pairs(columns, generator), shipped))
    sampled = _sample(len(found), generator)
    gamma = assess(Pairs(columns, found.left[sampled], found.right[sampled]), shipped)
    scale = len(found) / len(sampled)
    return _maximise(model, shipped, gamma, scale, everything, columns.population)


def _maximise(model: Model, shipped: Model, gamma: Gamma, scale: float, everything: float, records: int) -> Learned:
    expected = 0.0
    for round_number in range(1, _ROUNDS + 1):
        match, related = responsibilities(gamma, model, records)
        before, expected = expected, float(match.sum()) * scale
        model = _updated(model, shipped, gamma, match, related, scale, records)
        if abs(expected - before) <= 1e-4 * max(expected, 1.0):
            break
    if expected < _FEWEST_MATCHES:
        return Learned(shipped, round_number, expected, {"model": "too few expected matches"})
    return Learned(replace(model, version=f"{shipped.version}+learned"), round_number, expected)


def responsibilities(gamma: Gamma, model: Model, records: int) -> tuple[Weights, Weights]:
    """Return the probability of each pair to be a match, and to be of related people."""
    match = np.full(len(gamma), np.log2(model.prior(records)))
    related = np.full(len(gamma), np.log2(model.related_prior(records)))
    for column, table in enumerate(weight_tables(model)):
        levels = gamma.levels[:, column]
        stranger = table.stranger_value(levels, gamma.rates[:, column], gamma.namesakes)
        match += table.match[levels] - stranger
        related += np.where(table.shared[levels], table.related[levels] - stranger, 0.0)
    largest = np.maximum(np.maximum(match, related), 0.0)
    masses = np.exp2(match - largest), np.exp2(related - largest), np.exp2(-largest)
    total = masses[0] + masses[1] + masses[2]
    return masses[0] / total, masses[1] / total


def _updated(
    model: Model, shipped: Model, gamma: Gamma, match: Weights, related: Weights, scale: float, records: int
) -> Model:
    strangers = np.where(gamma.namesakes, 1.0 - match - related, 0.0) * scale
    match, related = match * scale, related * scale
    comparisons = []
    for column, (comparison, default) in enumerate(zip(model.comparisons, shipped.comparisons, strict=True)):
        fitted = _fitted(comparison, default, gamma.levels[:, column], match, related)
        comparisons.append(_among_namesakes(fitted, default, gamma.levels[:, column], strangers))
    per_record = 2.0 / records
    return replace(
        model,
        comparisons=tuple(comparisons),
        duplicates_per_record=min(max(float(match.sum()) * per_record, 0.5 / records), 20.0),
        relatives_per_record=min(max(float(related.sum()) * per_record, 0.5 / records), 20.0),
    )


def _fitted(
    comparison: Comparison, default: Comparison, levels: np.ndarray, match: Weights, related: Weights
) -> Comparison:
    if not comparison.learned:
        return comparison
    m = _shares(levels, match, [level.m for level in default.levels])
    homes = [level.related for level in default.levels]
    h = _shares(levels, related, [home for home in homes if home is not None]) if None not in homes else homes
    fitted = [
        replace(level, m=float(share), related=None if home is None else float(home))
        for level, share, home in zip(comparison.levels, m, h, strict=True)
    ]
    return replace(comparison, levels=tuple(fitted))


def _among_namesakes(
    comparison: Comparison, default: Comparison, levels: np.ndarray, strangers: Weights
) -> Comparison:
    """Return the comparison with what strangers of one name have in common, as far as they were compared."""
    if all(level.among_namesakes is None for level in comparison.levels):
        return comparison
    shares = _shares(levels, strangers, [level.among_namesakes or 0.0 for level in default.levels])
    fitted = [
        level if level.among_namesakes is None else replace(level, among_namesakes=float(share))
        for level, share in zip(comparison.levels, shares, strict=True)
    ]
    return replace(comparison, levels=tuple(fitted))


def _shares(levels: np.ndarray, weight: Weights, shipped: list[float]) -> Weights:
    """Return the share of each level, the shipped shares counting as a few pairs."""
    present = levels >= 0
    observed = np.bincount(levels[present], weights=weight[present], minlength=len(shipped))
    counted = observed + _SHIPPED_PAIRS * np.array(shipped)
    return np.asarray(np.maximum(counted / counted.sum(), RARE))


def with_observed_strangers(model: Model, random: Gamma) -> Model:
    """Return the model with `u` as found among random pairs, nearly all of which are strangers."""
    comparisons = []
    for column, comparison in enumerate(model.comparisons):
        levels = random.levels[:, column]
        if comparison.learned and (levels >= 0).any():
            u = _shares(levels, np.ones(len(levels)), [level.u for level in comparison.levels])
            comparison = replace(comparison, levels=_with_u(comparison.levels, u))
        comparisons.append(comparison)
    return replace(model, comparisons=tuple(comparisons))


def _with_u(levels: tuple[Level, ...], u: Weights) -> tuple[Level, ...]:
    return tuple(replace(level, u=float(share)) for level, share in zip(levels, u, strict=True))


def _random_pairs(columns: Columns, generator: np.random.Generator) -> Pairs:
    left = generator.integers(0, columns.size, _RANDOM_SAMPLE)
    right = generator.integers(0, columns.size - 1, _RANDOM_SAMPLE)
    return Pairs(columns, left, right + (right >= left))


def _sample(size: int, generator: np.random.Generator) -> Rows:
    if size <= _CANDIDATE_SAMPLE:
        return np.arange(size)
    return np.sort(generator.choice(size, _CANDIDATE_SAMPLE, replace=False))
