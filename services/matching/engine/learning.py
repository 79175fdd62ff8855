"""Learning owns how the weights follow the data at hand: expectation maximisation from the shipped model."""

from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

import numpy as np

from services.matching.domain.further import is_further, without
from services.matching.domain.model import Model
from services.matching.engine.arrays import Mask, Rows, Weights
from services.matching.engine.assessors import Pairs
from services.matching.engine.candidates import Candidates
from services.matching.engine.columns import Columns
from services.matching.engine.crew import Crew
from services.matching.engine.duplicate_counts import discount_duplicates
from services.matching.engine.fitting import Fit, Sample, fit
from services.matching.engine.key_yield import leave_out_barren_keys
from services.matching.engine.model_arrays import weight_tables
from services.matching.engine.scoring import Gamma, assess, joined, prepare
from services.matching.engine.shares import observed_levels

_CANDIDATE_SAMPLE = 150_000
_RICH_SAMPLE = 100_000
_RANDOM_SAMPLE = 300_000
_AT_ONCE = 25_000
_ROUNDS = 25
_SETTLED = np.array([1e-3, 5e-3])
"""The part by which matches and relatives may still change from round to round."""

_RECOUNTS = 2
_FEWEST_MATCHES = 30.0


@dataclass(slots=True)
class Learned:
    """A model fitted to the data, and what was kept from the shipped one, with the reason."""

    model: Model
    rounds: int
    expected_matches: float
    kept: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why further columns are no evidence, by attribute."""


def learn(columns: Columns, found: Candidates, shipped: Model, seed: int, crew: Crew) -> Learned:
    """Fit the model to the candidates of one file; value frequencies are counted again without duplicates.

    What nothing is learned of a further column is no evidence.
    """
    further = [comparison.name for comparison in shipped.comparisons if is_further(comparison.name)]
    plain, too_few = without(shipped, set(further)), dict.fromkeys(further, "too few pairs to learn from")
    if len(found) < _FEWEST_MATCHES:
        return Learned(plain, 0, 0.0, {"model": f"{len(found)} pairs share a key: too few to learn from"}, too_few)
    prepare(columns, crew, "learn")
    sample, keys = _sample(columns, found, shipped, seed, crew)
    fitted, rounds, expected = Fit(shipped), 0, 0.0
    for recount in range(_RECOUNTS + 1):
        fitted, spent, match = _maximise(fitted.model, shipped, sample, crew)
        rounds, expected = rounds + spent, float((match * sample.scale).sum())
        if recount < _RECOUNTS:
            discount_duplicates(columns, sample.gamma, match, sample.scale, shipped)
    if expected < _FEWEST_MATCHES:
        reason = f"{expected:.1f} expected matches: too few to learn from"
        return Learned(plain, rounds, expected, {"model": reason}, too_few)
    leave_out_barren_keys(found, keys, match * sample.scale)
    left_out = {name: fitted.kept.pop(name) for name in further if name in fitted.kept}
    model = replace(without(fitted.model, set(left_out)), version=f"{shipped.version}+learned")
    return Learned(model, rounds, expected, fitted.kept, left_out)


def _maximise(model: Model, shipped: Model, sample: Sample, crew: Crew) -> tuple[Fit, int, Weights]:
    """Repeat expectation and maximisation until the numbers of matches and of relatives settle."""
    fitted, expected, spent = Fit(model), np.zeros(2), 0
    while True:
        match, related = responsibilities(sample.gamma, fitted.model, sample.records)
        fitted = fit(fitted.model, shipped, sample, match, related)
        before, expected, spent = expected, np.array([match.sum(), related.sum()]), spent + 1
        crew.watch.at("learn", 0.5)
        if spent == _ROUNDS or (np.abs(expected - before) <= _SETTLED * np.maximum(expected, 1.0)).all():
            return fitted, spent, match


def responsibilities(gamma: Gamma, model: Model, records: int) -> tuple[Weights, Weights]:
    """Return the probability of each pair to be a match, and to be of related people."""
    match = np.full(len(gamma), np.log2(model.prior(records)))
    related = np.full(len(gamma), np.log2(model.related_prior(records)))
    for table, levels, values in zip(weight_tables(model), gamma.levels, gamma.values, strict=True):
        stranger = table.stranger_bits(gamma.columns, levels, values, gamma.alike)
        match += table.match[levels] - stranger
        related += table.related_gain(levels, stranger, gamma.alike)
    largest = np.maximum(np.maximum(match, related), 0.0)
    masses = np.exp2(match - largest), np.exp2(related - largest), np.exp2(-largest)
    total = masses[0] + masses[1] + masses[2]
    return masses[0] / total, masses[1] / total


def _sample(columns: Columns, found: Candidates, shipped: Model, seed: int, crew: Crew) -> tuple[Sample, Rows]:
    """Return the sample, and the number of the key that found each of its candidate pairs alone."""
    generator = np.random.default_rng(seed)
    left, right = _random_pairs(columns.size, generator)
    counted = (observed_levels(part, shipped) for part in _assessed(columns, left, right, shipped, crew, (0.0, 0.25)))
    random = reduce(add, counted)
    chosen, scale = _chosen(found.found_by_several(), generator)
    left, right, keys = found.take(chosen)
    gamma = joined(_assessed(columns, left, right, shipped, crew, (0.25, 0.5)))
    return Sample(gamma, scale, random, columns.population), keys


def _assessed(
    columns: Columns, left: Rows, right: Rows, model: Model, crew: Crew, span: tuple[float, float]
) -> list[Gamma]:
    """Assess pairs, some at a time."""

    def part(begin: int) -> Gamma:
        chosen = slice(begin, begin + _AT_ONCE)
        return assess(Pairs(columns, left[chosen], right[chosen]), model)

    return list(crew.each("learn", part, range(0, len(left), _AT_ONCE), span))


def _random_pairs(size: int, generator: np.random.Generator) -> tuple[Rows, Rows]:
    if size * (size - 1) // 2 <= _RANDOM_SAMPLE:
        left, right = np.triu_indices(size, k=1)
        return left.astype(np.int64), right.astype(np.int64)
    left = generator.integers(0, size, _RANDOM_SAMPLE)
    right = generator.integers(0, size - 1, _RANDOM_SAMPLE)
    return left, right + (right >= left)


def _chosen(several: Mask, generator: np.random.Generator) -> tuple[Rows, Weights]:
    """Return the places of the sampled candidates, and for how many each stands.

    Most matches are among the pairs that several keys found, so that more of those are taken.
    """
    rich, poor = np.flatnonzero(several), np.flatnonzero(~several)
    taken = _some(rich, _RICH_SAMPLE, generator)
    further = _some(poor, _CANDIDATE_SAMPLE - len(taken), generator)
    scale = np.repeat([len(rich) / max(len(taken), 1), len(poor) / max(len(further), 1)], [len(taken), len(further)])
    places = np.concatenate((taken, further))
    order = np.argsort(places, kind="stable")
    return places[order], scale[order]


def _some(places: Rows, most: int, generator: np.random.Generator) -> Rows:
    return places if len(places) <= most else generator.choice(places, most, replace=False)
