"""Scoring owns the one path from pairs of rows to match weights, for a million pairs as for one."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from services.matching.domain.evidence import MOST_OF_STEPS, NAME_ONLY_LIMIT
from services.matching.domain.further import is_further
from services.matching.domain.ladder import Ladder
from services.matching.domain.model import Model
from services.matching.engine.address_assessors import assess_address, assess_locality
from services.matching.engine.arrays import MISSING, Codes, Levels, Mask, Weights
from services.matching.engine.assessors import Assessor, Pairs
from services.matching.engine.birth_date_assessor import assess_birth_date
from services.matching.engine.columns import Columns
from services.matching.engine.contact_assessors import (
    assess_email,
    assess_external_id,
    assess_further,
    assess_organization,
    assess_phone,
)
from services.matching.engine.crew import Crew
from services.matching.engine.email_name_assessor import assess_email_name
from services.matching.engine.ladder import climb, rungs
from services.matching.engine.model_arrays import Alike, weight_tables
from services.matching.engine.name_assessors import (
    EXACT,
    assess_family,
    assess_given,
    assess_middle,
    assess_name_order,
    assess_suffix,
    know_nicknames,
    names_agree,
    names_differ,
)

ASSESSORS: dict[str, Assessor] = {
    "given": assess_given,
    "family": assess_family,
    "name_order": assess_name_order,
    "middle": assess_middle,
    "suffix": assess_suffix,
    "organization": assess_organization,
    "email": assess_email,
    "email_name": assess_email_name,
    "phone": assess_phone,
    "address": assess_address,
    "locality": assess_locality,
    "birth_date": assess_birth_date,
    "external_id": assess_external_id,
}


def assessor_of(comparison: str) -> Assessor:
    """Return what tells the level of a comparison."""
    return partial(assess_further, attribute=comparison) if is_further(comparison) else ASSESSORS[comparison]


PROFILED = ("email", "phone", "external_id", "organization", "given", "street", "city", "postcode", "house_number")
"""Attributes whose values are compared as text; given, middle and family names are of one vocabulary."""

_LEAST_STEP = 1e-6
_DIGITS = 6
"""Weights are rounded, so that the order of a pair cannot change the last bit."""


@dataclass(slots=True)
class Gamma:
    """How pairs compare, before any weight: levels and agreed values, a row for each comparison."""

    columns: Columns
    levels: list[Levels]
    values: list[Codes]
    alike: Alike

    def __len__(self) -> int:
        return len(self.alike.names)


@dataclass(slots=True)
class Scored:
    """The evidence of pairs as arrays; `weights` and `adjustments` have a row for each comparison."""

    total: Weights
    confidence: Levels
    weights: list[Weights]
    adjustments: list[Weights]
    household: Weights


@dataclass(slots=True)
class _Steps:
    """What values that are a digit apart say of each pair: phones, identifiers and dates of one series step together.

    `alone` is where a name differs and nothing else but names speaks for the match.
    """

    alone: Mask
    every: Weights
    longest: Weights

    def add(self, is_step: Mask, weight: Weights, names_only: bool) -> None:
        """Take in one comparison."""
        if not names_only:
            self.alone &= (weight <= 0.0) | is_step
        if is_step.any():
            step = np.where(is_step, np.maximum(weight, 0.0), 0.0)
            self.every, self.longest = self.every + step, np.maximum(self.longest, step)

    def counted_once(self, total: Weights) -> Weights:
        """Return what is taken off: all but the strongest step, and where they are alone what would make a match."""
        repeated = self.longest - self.every
        most = np.where(self.alone & (self.longest > 0.0), MOST_OF_STEPS, np.inf)
        return np.asarray(repeated + np.minimum(most - total - repeated, 0.0))


def prepare(columns: Columns, crew: Crew, stage: str) -> None:
    """Look at every value once before pairs are compared; later two threads would do so twice."""
    for _ in crew.each(stage, columns.profile, [*PROFILED, *filter(is_further, columns.base)], (0.0, 0.0)):
        pass
    know_nicknames(columns)


def assess(pairs: Pairs, model: Model) -> Gamma:
    """Return the levels of all comparisons."""
    assessed = {comparison.name: assessor_of(comparison.name)(pairs) for comparison in model.comparisons}
    return Gamma(
        pairs.columns,
        [one.levels for one in assessed.values()],
        [one.values for one in assessed.values()],
        alike(assessed["given"].levels, assessed["family"].levels),
    )


def alike(given: Levels, family: Levels) -> Alike:
    """Return where names are alike, by what was found for given and family name."""
    return Alike(names_agree(given, family), given == EXACT, names_differ(given, family))


def joined(parts: list[Gamma]) -> Gamma:
    """Put pairs together that were assessed some at a time."""
    return Gamma(
        parts[0].columns,
        [np.concatenate(levels) for levels in zip(*(part.levels for part in parts), strict=True)],
        [np.concatenate(values) for values in zip(*(part.values for part in parts), strict=True)],
        Alike(
            *(np.concatenate([getattr(part.alike, which) for part in parts]) for which in ("names", "given", "differ"))
        ),
    )


def score(gamma: Gamma, model: Model, records: int) -> Scored:
    """Turn levels into match weights, household evidence not counted twice."""
    weights, adjustments, related = [], [], np.full(len(gamma), np.log2(model.related_prior(records)))
    total = np.full(len(gamma), np.log2(model.prior(records)))
    nothing = np.zeros(len(gamma))
    steps = _Steps(gamma.alike.differ.copy(), nothing, nothing)
    tables = zip(weight_tables(model), model.comparisons, strict=True)
    for (table, comparison), levels, values in zip(tables, gamma.levels, gamma.values, strict=True):
        if not (levels >= 0).any():
            weights.append(nothing)
            adjustments.append(nothing)
            continue
        stranger = table.stranger_bits(gamma.columns, levels, values, gamma.alike)
        weights.append(table.match[levels] - table.stranger[levels])
        adjustments.append(table.stranger[levels] - stranger)
        related += table.related_gain(levels, stranger, gamma.alike)
        weight = table.match[levels] - stranger
        total += weight
        steps.add(table.steps[levels], weight, comparison.names_only)
    household = -softplus(related)
    household += steps.counted_once(total + household)
    total = np.round(total + household, _DIGITS)
    return Scored(total, confidences(total, names_only(gamma, weights, model)), weights, adjustments, household)


def softplus(bits: Weights) -> Weights:
    """Return log2(1 + 2**bits) without overflow."""
    return np.logaddexp2(0.0, bits)


def names_only(gamma: Gamma, weights: list[Weights], model: Model) -> Mask:
    """Return where nothing but names speaks for the match."""
    limited = np.ones(len(gamma), np.bool_)
    for comparison, levels, weight in zip(model.comparisons, gamma.levels, weights, strict=True):
        if not comparison.names_only:
            limited &= (levels == MISSING) | (weight <= 0)
    return limited


def confidences(total: Weights, limited: Mask) -> Levels:
    """Return the match probability as 0 to 100, held below linking where only names agree."""
    percent = np.floor(100.0 / (1.0 + np.exp2(-np.clip(total, -60, 60))) + 0.005).astype(np.int8)
    return np.where(limited, np.minimum(percent, NAME_ONLY_LIMIT), percent).astype(np.int8)


def link_weights(total: Weights, confidence: Levels) -> Weights:
    """Return the weights by which records are linked: never more than the confidence allows."""
    limit = weight_of_confidence(NAME_ONLY_LIMIT + 1)
    return np.where(confidence <= NAME_ONLY_LIMIT, np.minimum(total, limit - _LEAST_STEP), total)


def weight_of_confidence(confidence: int) -> float:
    """Return the match weight from which a pair has at least this confidence."""
    share = min(max(confidence / 100.0, 1e-9), 0.9999)
    return float(np.log2(share / (1.0 - share)))


def score_pairs(pairs: Pairs, model: Model) -> tuple[Gamma, Scored]:
    """Assess and score pairs in one go."""
    if isinstance(model, Ladder):
        return _climbed(pairs, model)
    gamma = assess(pairs, model)
    return gamma, score(gamma, model, pairs.columns.population)


def _climbed(pairs: Pairs, model: Ladder) -> tuple[Gamma, Scored]:
    levels, nothing = rungs(pairs), np.zeros(len(pairs))
    unlike = Alike(nothing > 0, nothing > 0, nothing > 0)
    gamma = Gamma(pairs.columns, levels, [np.full(len(pairs), MISSING, np.int32)] * len(levels), unlike)
    climbed = climb(levels, model)
    return gamma, Scored(climbed.total, climbed.confidence, climbed.weights, [nothing] * len(levels), nothing)
