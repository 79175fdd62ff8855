"""Learning owns how the weights follow the data at hand: expectation maximisation from the shipped model."""

from dataclasses import dataclass, field, replace

import numpy as np

from services.matching.domain.model import Comparison, Model
from services.matching.engine.arrays import Levels, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.blocking import Candidates
from services.matching.engine.columns import Columns
from services.matching.engine.duplicate_counts import discount_duplicates
from services.matching.engine.model_arrays import weight_tables
from services.matching.engine.scoring import Gamma, assess
from services.matching.engine.shares import observed_levels, shares

_CANDIDATE_SAMPLE = 150_000
_RANDOM_SAMPLE = 300_000
_ROUNDS = 25
_SETTLED = 1e-3
_RECOUNTS = 2
_FEWEST_MATCHES = 30.0
_MOST_PER_RECORD = 20.0


@dataclass(slots=True)
class Learned:
    """A model fitted to the data, and what was kept from the shipped one, with the reason."""

    model: Model
    rounds: int
    expected_matches: float
    kept: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Sample:
    """What is learned from: candidate pairs, each standing for `scale` of them, and levels of random pairs."""

    gamma: Gamma
    scale: float
    random: list[Weights]
    records: int


def learn(columns: Columns, found: Candidates, shipped: Model, seed: int) -> Learned:
    """Fit the model to the candidates of one file; value frequencies are counted again without duplicates."""
    if len(found) < _FEWEST_MATCHES:
        return Learned(shipped, 0, 0.0, {"model": "too few candidate pairs"})
    sample = _sample(columns, found, shipped, seed)
    model, rounds, expected = shipped, 0, 0.0
    for recount in range(_RECOUNTS + 1):
        model, spent, match = _maximise(model, shipped, sample)
        rounds, expected = rounds + spent, float(match.sum()) * sample.scale
        if recount < _RECOUNTS:
            discount_duplicates(columns, sample.gamma, match * sample.scale, shipped)
    if expected < _FEWEST_MATCHES:
        return Learned(shipped, rounds, expected, {"model": "too few expected matches"})
    return Learned(replace(model, version=f"{shipped.version}+learned"), rounds, expected)


def _maximise(model: Model, shipped: Model, sample: _Sample) -> tuple[Model, int, Weights]:
    """Repeat expectation and maximisation until the number of matches settles."""
    expected, spent = 0.0, 0
    while True:
        match, related = responsibilities(sample.gamma, model, sample.records)
        model = _updated(model, shipped, sample, match, related)
        before, expected, spent = expected, float(match.sum()), spent + 1
        if spent == _ROUNDS or abs(expected - before) <= _SETTLED * max(expected, 1.0):
            return model, spent, match


def responsibilities(gamma: Gamma, model: Model, records: int) -> tuple[Weights, Weights]:
    """Return the probability of each pair to be a match, and to be of related people."""
    match = np.full(len(gamma), np.log2(model.prior(records)))
    related = np.full(len(gamma), np.log2(model.related_prior(records)))
    for table, levels, values in zip(weight_tables(model), gamma.levels, gamma.values, strict=True):
        stranger = table.stranger_bits(gamma.columns, levels, values, gamma.namesakes)
        match += table.match[levels] - stranger
        related += np.where(table.shared[levels], table.related[levels] - stranger, 0.0)
    largest = np.maximum(np.maximum(match, related), 0.0)
    masses = np.exp2(match - largest), np.exp2(related - largest), np.exp2(-largest)
    total = masses[0] + masses[1] + masses[2]
    return masses[0] / total, masses[1] / total


def _updated(model: Model, shipped: Model, sample: _Sample, match: Weights, related: Weights) -> Model:
    per_record = 2.0 * sample.scale / sample.records
    fewest = 0.5 / sample.records
    duplicates = min(max(float(match.sum()) * per_record, fewest), _MOST_PER_RECORD)
    relatives = min(max(float(related.sum()) * per_record, fewest), _MOST_PER_RECORD)
    updated = replace(model, duplicates_per_record=duplicates, relatives_per_record=relatives)
    weights = _ClassWeights(match, related, np.where(sample.gamma.namesakes, 1.0 - match - related, 0.0), sample.scale)
    prior = updated.prior(sample.records), updated.related_prior(sample.records)
    comparisons = [
        _fitted(default, levels, observed, weights, prior) if default.learned else default
        for default, levels, observed in zip(shipped.comparisons, sample.gamma.levels, sample.random, strict=True)
    ]
    return replace(updated, comparisons=tuple(comparisons))


@dataclass(slots=True)
class _ClassWeights:
    """How much each sampled pair counts as a match, as of relatives, and as of strangers who are namesakes."""

    match: Weights
    related: Weights
    namesakes: Weights
    scale: float


def _fitted(
    default: Comparison, levels: Levels, random: Weights, weights: _ClassWeights, prior: tuple[float, float]
) -> Comparison:
    """Return one comparison with the shares found in each class, the shipped ones counting as a few pairs."""
    homes = [level.related for level in default.levels]
    namesakes = [level.among_namesakes for level in default.levels]
    m = shares(levels, weights.match, weights.scale, [level.m for level in default.levels])
    u = _among_strangers(random, default)
    h = None if None in homes else shares(levels, weights.related, weights.scale, [home or 0.0 for home in homes])
    same = shares(levels, weights.namesakes, weights.scale, [share or 0.0 for share in namesakes])
    u = _without(u, [(prior[0], m)] if h is None else [(prior[0], m), (prior[1], h)])
    fitted = [
        replace(
            level,
            m=float(m[index]),
            u=float(u[index]),
            related=None if h is None else float(h[index]),
            among_namesakes=None if level.among_namesakes is None else float(same[index]),
        )
        for index, level in enumerate(default.levels)
    ]
    return replace(default, levels=tuple(fitted))


def _among_strangers(random: Weights, default: Comparison) -> Weights:
    shipped = np.array([level.u for level in default.levels])
    counted = random + 20.0 * shipped
    return np.asarray(counted / counted.sum())


def _without(observed: Weights, classes: list[tuple[float, Weights]]) -> Weights:
    """Take out of what random pairs show the few among them that are matches or of relatives."""
    strangers = observed - sum(prior * share for prior, share in classes)
    strangers = np.maximum(strangers, 0.1 * observed)
    return np.asarray(strangers / strangers.sum())


def _sample(columns: Columns, found: Candidates, shipped: Model, seed: int) -> _Sample:
    generator = np.random.default_rng(seed)
    random = observed_levels(assess(_random_pairs(columns, generator), shipped), shipped)
    chosen = _chosen(len(found), generator)
    gamma = assess(Pairs(columns, found.left[chosen], found.right[chosen]), shipped)
    return _Sample(gamma, len(found) / len(chosen), random, columns.population)


def _random_pairs(columns: Columns, generator: np.random.Generator) -> Pairs:
    if columns.size * (columns.size - 1) // 2 <= _RANDOM_SAMPLE:
        left, right = np.triu_indices(columns.size, k=1)
        return Pairs(columns, left.astype(np.int64), right.astype(np.int64))
    left = generator.integers(0, columns.size, _RANDOM_SAMPLE)
    right = generator.integers(0, columns.size - 1, _RANDOM_SAMPLE)
    return Pairs(columns, left, right + (right >= left))


def _chosen(size: int, generator: np.random.Generator) -> Rows:
    if size <= _CANDIDATE_SAMPLE:
        return np.arange(size)
    return np.sort(generator.choice(size, _CANDIDATE_SAMPLE, replace=False))
