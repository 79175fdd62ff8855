"""Few pairs owns the scoring of one record against a handful of others without arrays, to the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp2, floor, log1p, log2

from services.matching.domain.evidence import MOST_OF_STEPS, NAME_ONLY_LIMIT, Evidence, probability
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import USUAL_RECORDS, Comparison, Frequencies, Model
from services.matching.engine.frequencies import Rates
from services.matching.engine.model_arrays import WeightTable, weight_tables
from services.matching.engine.name_assessors import EXACT, FAMILY_DIFFERENT, FAMILY_PART, GIVEN_DIFFERENT, GIVEN_NEAR
from services.matching.engine.pair_levels import LEVELS, Found

FEW = 250
"""Candidates from which on arrays are faster."""

_LOG2_E = 1.4426950408889634
_MICRO = 1e6


@dataclass(slots=True)
class _Table:
    """One comparison's weights as plain numbers, in bits by level."""

    comparison: Comparison
    match: list[float]
    stranger: list[float]
    related: list[float]
    shared: list[bool]
    namesake: list[float] | None
    lift: list[float] | None
    related_lift: list[float] | None
    inherited: list[float] | None
    counted: frozenset[int]
    steps: frozenset[int]

    @staticmethod
    def of(comparison: Comparison, table: WeightTable) -> "_Table":
        return _Table(
            comparison,
            table.match.tolist(),
            table.stranger.tolist(),
            table.related.tolist(),
            table.shared.tolist(),
            None if table.namesake is None else table.namesake.tolist(),
            None if table.lift is None else table.lift.tolist(),
            None if table.related_lift is None else table.related_lift.tolist(),
            None if table.inherited is None else table.inherited.tolist(),
            frozenset(level for level, _ in table.counted),
            frozenset(number for number, level in enumerate(comparison.levels) if level.step),
        )


class FewPairs:
    """Scores with one model and one company's frequencies."""

    def __init__(self, model: Model, frequencies: Frequencies | None) -> None:
        records = frequencies.records if frequencies else USUAL_RECORDS
        self._rates = Rates(frequencies) if frequencies else None
        self._prior = log2(model.prior(records))
        self._related_prior = log2(model.related_prior(records))
        tables = zip(model.comparisons, weight_tables(model), strict=True)
        self._tables = [(LEVELS[one.name][0], _Table.of(one, table)) for one, table in tables]
        names = [comparison.name for comparison in model.comparisons]
        self._given, self._family = names.index("given"), names.index("family")

    def evidence(self, left: Identity, right: Identity, least: int = 0) -> Evidence | None:
        """Score one pair; None where its confidence is below `least`."""
        rarity = self._rarity
        found = [levels(left, right, rarity) for levels, _ in self._tables]
        namesakes = 0 <= found[self._given][0] <= GIVEN_NEAR and 0 <= found[self._family][0] <= FAMILY_PART
        same_given = found[self._given][0] == EXACT
        alone = found[self._given][0] == GIVEN_DIFFERENT or found[self._family][0] == FAMILY_DIFFERENT
        total, related, limited = self._prior, self._related_prior, True
        steps: list[float] = []
        for (_, table), one in zip(self._tables, found, strict=True):
            level = one[0]
            if level < 0:
                continue
            match, stranger = table.match[level], self._stranger_bits(table, one, namesakes, same_given)
            total += match - stranger
            if match > stranger:
                if level in table.steps:
                    steps.append(match - stranger)
                elif not table.comparison.names_only:
                    alone = False
            if same_given and table.inherited is not None:
                related += table.inherited[level] - stranger
            elif table.shared[level]:
                lifted = table.related_lift[level] if same_given and table.related_lift is not None else 0.0
                related += table.related[level] + lifted - stranger
            if limited and match > table.stranger[level]:
                limited = table.comparison.names_only
        total -= _softplus(related) + (sum(steps) - max(steps) if steps else 0.0)
        total = round((min(total, MOST_OF_STEPS) if alone and steps else total) * _MICRO) / _MICRO
        confidence = _confidence(total, limited)
        return self._said(total, confidence, found, namesakes) if confidence >= least else None

    def _said(self, total: float, confidence: int, found: Sequence[Found], namesakes: bool) -> Evidence:
        """Return the evidence with the levels reached, and what speaks for the match, strongest first."""
        same_given = found[self._given][0] == EXACT
        reached: dict[str, str] = {}
        weights: list[tuple[float, str]] = []
        for (_, table), one in zip(self._tables, found, strict=True):
            level, comparison = one[0], table.comparison
            if level < 0:
                continue
            reached[comparison.name] = comparison.levels[level].name
            bits = table.stranger[level]
            added = table.match[level] - bits + (bits - self._stranger_bits(table, one, namesakes, same_given))
            if added > 0:
                weights.append((-added, comparison.name))
        weights.sort(key=lambda one: one[0])
        return Evidence(total, probability(total), confidence, reached, tuple(name for _, name in weights))

    def _stranger_bits(self, table: _Table, found: Found, namesakes: bool, same_given: bool) -> float:
        level, attribute, value = found
        bits = table.stranger[level]
        if attribute and value and self._rates is not None and level in table.counted:
            bits = self._rates.bits(attribute, value)
        if same_given and table.lift is not None:
            bits = min(bits + table.lift[level], 0.0)
        return max(bits, table.namesake[level]) if namesakes and table.namesake is not None else bits

    def _rarity(self, attribute: str, value: str) -> float:
        return self._rates.bits(attribute, value) if self._rates is not None and attribute else 0.0


def few_pairs(model: Model, frequencies: Frequencies | None) -> FewPairs | None:
    """Return what scores few pairs; None for a model with comparisons that only arrays know."""
    return FewPairs(model, frequencies) if _is_known(model) else None


def _is_known(model: Model) -> bool:
    sizes = {comparison.name: len(comparison.levels) for comparison in model.comparisons}
    known = all(name in LEVELS and LEVELS[name][1] == size for name, size in sizes.items())
    return known and {"given", "family"} <= sizes.keys()


def _softplus(bits: float) -> float:
    """Return log2(1 + 2**bits)."""
    return bits + _LOG2_E * log1p(exp2(-bits)) if bits > 0 else _LOG2_E * log1p(exp2(bits))


def _confidence(total: float, limited: bool) -> int:
    percent = floor(100.0 / (1.0 + exp2(-min(max(total, -60.0), 60.0))) + 0.005)
    return min(percent, NAME_ONLY_LIMIT) if limited else percent
