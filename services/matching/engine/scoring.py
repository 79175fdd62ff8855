"""Scoring owns the one path from pairs of rows to match weights, for a million pairs as for one."""

from dataclasses import dataclass

import numpy as np

from services.matching.domain.evidence import NAME_ONLY_LIMIT
from services.matching.domain.model import Model
from services.matching.engine.address_assessors import assess_address, assess_locality
from services.matching.engine.arrays import MISSING, Levels, Mask, Weights
from services.matching.engine.assessors import Assessor, Pairs
from services.matching.engine.birth_date_assessor import assess_birth_date
from services.matching.engine.contact_assessors import (
    assess_email,
    assess_external_id,
    assess_organization,
    assess_phone,
)
from services.matching.engine.model_arrays import weight_tables
from services.matching.engine.name_assessors import (
    assess_family,
    assess_given,
    assess_middle,
    assess_name_order,
    assess_suffix,
    names_agree,
)

ASSESSORS: dict[str, Assessor] = {
    "given": assess_given,
    "family": assess_family,
    "name_order": assess_name_order,
    "middle": assess_middle,
    "suffix": assess_suffix,
    "organization": assess_organization,
    "email": assess_email,
    "phone": assess_phone,
    "address": assess_address,
    "locality": assess_locality,
    "birth_date": assess_birth_date,
    "external_id": assess_external_id,
}

_LEAST_STEP = 1e-6
_DIGITS = 6
"""Weights are rounded, so that the order of a pair cannot change the last bit."""


@dataclass(slots=True)
class Gamma:
    """How pairs compare, before any weight: levels and value rates, a column for each comparison."""

    levels: Levels
    rates: Weights
    namesakes: Mask
    """Where the names agree, whatever else does."""

    def __len__(self) -> int:
        return len(self.levels)


@dataclass(slots=True)
class Scored:
    """The evidence of pairs as arrays; `weights` and `adjustments` have a column for each comparison."""

    total: Weights
    confidence: Levels
    weights: Weights
    adjustments: Weights
    household: Weights


def assess(pairs: Pairs, model: Model) -> Gamma:
    """Return the levels of all comparisons."""
    assessed = {comparison.name: ASSESSORS[comparison.name](pairs) for comparison in model.comparisons}
    return Gamma(
        np.stack([one.levels for one in assessed.values()], axis=1),
        np.stack([one.rates for one in assessed.values()], axis=1),
        names_agree(assessed["given"].levels, assessed["family"].levels),
    )


def score(gamma: Gamma, model: Model, records: int) -> Scored:
    """Turn levels into match weights, household evidence not counted twice."""
    shape = gamma.levels.shape
    weights, adjustments, related = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for column, table in enumerate(weight_tables(model)):
        levels = gamma.levels[:, column]
        stranger = table.stranger_value(levels, gamma.rates[:, column], gamma.namesakes)
        weights[:, column] = table.match[levels] - table.stranger[levels]
        adjustments[:, column] = table.stranger[levels] - stranger
        related[:, column] = np.where(table.shared[levels], table.related[levels] - stranger, 0.0)
    prior, related_prior = np.log2(model.prior(records)), np.log2(model.related_prior(records))
    household = -softplus(related_prior + related.sum(axis=1))
    total = np.round(prior + (weights + adjustments).sum(axis=1) + household, _DIGITS)
    return Scored(total, confidences(total, names_only(gamma, weights, model)), weights, adjustments, household)


def softplus(bits: Weights) -> Weights:
    """Return log2(1 + 2**bits) without overflow."""
    return np.logaddexp2(0.0, bits)


def names_only(gamma: Gamma, weights: Weights, model: Model) -> Mask:
    """Return where nothing but names speaks for the match."""
    other = [index for index, comparison in enumerate(model.comparisons) if not comparison.names_only]
    return ~((gamma.levels[:, other] != MISSING) & (weights[:, other] > 0)).any(axis=1)


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
    gamma = assess(pairs, model)
    return gamma, score(gamma, model, pairs.columns.population)
