"""Few pairs owns the scoring of one record against a handful of others without arrays, to the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp2, floor, log1p, log2

from services.matching.domain.evidence import NAME_ONLY_LIMIT, Evidence, probability
from services.matching.domain.identity_record import Identity
from services.matching.domain.model import USUAL_RECORDS, Comparison, Frequencies, Model
from services.matching.engine.frequencies import Rates
from services.matching.engine.model_arrays import WeightTable, weight_tables
from services.matching.engine.name_assessors import FAMILY_PART, GIVEN_NEAR
from services.matching.engine.pair_levels import LEVELS, Found

FEW = 40
"""Candidates from which on arrays are faster."""

_LOG2_E = 1.4426950408889634
_MICRO = 1e6
_MOST_KEPT = 64


@dataclass(slots=True)
class _Table:
    """One comparison's weights as plain numbers, in bits by level."""

    comparison: Comparison
    match: list[float]
    stranger: list[float]
    related: list[float]
    shared: list[bool]
    namesake: list[float] | None
    counted: frozenset[int]

    @staticmethod
    def of(comparison: Comparison, table: WeightTable) -> "_Table":
        return _Table(
            comparison,
            table.match.tolist(),
            table.stranger.tolist(),
            table.related.tolist(),
            table.shared.tolist(),
            None if table.namesake is None else table.namesake.tolist(),
            frozenset(level for level, _ in table.counted),
        )


class FewPairs:
    """Scores with one model and one company's frequencies."""

    def __init__(self, model: Model, frequencies: Frequencies | None) -> None:
        records = frequencies.records if frequencies else USUAL_RECORDS
        self.model = model
        self.frequencies = frequencies
        self._rates = Rates(frequencies) if frequencies else None
        self._prior = log2(model.prior(records))
        self._related_prior = log2(model.related_prior(records))
        tables = zip(model.comparisons, weight_tables(model), strict=True)
        self._tables = [(LEVELS[one.name][0], _Table.of(one, table)) for one, table in tables]

    def evidence(self, left: Identity, right: Identity) -> Evidence:
        """Score one pair."""
        found = [(table, levels(left, right, self._rarity)) for levels, table in self._tables]
        by_name = {table.comparison.name: level for table, (level, _, _) in found}
        namesakes = 0 <= by_name["given"] <= GIVEN_NEAR and 0 <= by_name["family"] <= FAMILY_PART
        total, related, limited = self._prior, self._related_prior, True
        weights: list[tuple[float, str]] = []
        reached: dict[str, str] = {}
        for table, one in found:
            level = one[0]
            if level < 0:
                continue
            stranger = self._stranger_bits(table, one, namesakes)
            total += table.match[level] - stranger
            if table.shared[level]:
                related += table.related[level] - stranger
            weight = table.match[level] - table.stranger[level]
            limited = limited and (weight <= 0 or table.comparison.names_only)
            reached[table.comparison.name] = table.comparison.levels[level].name
            added = weight + (table.stranger[level] - stranger)
            if added > 0:
                weights.append((-added, table.comparison.name))
        total = round((total - _softplus(related)) * _MICRO) / _MICRO
        weights.sort(key=lambda one: one[0])
        fields = tuple(name for _, name in weights)
        return Evidence(total, probability(total), _confidence(total, limited), reached, fields)

    def _stranger_bits(self, table: _Table, found: Found, namesakes: bool) -> float:
        level, attribute, value = found
        bits = table.stranger[level]
        if attribute and value and self._rates is not None and level in table.counted:
            bits = self._rates.bits(attribute, value)
        return max(bits, table.namesake[level]) if namesakes and table.namesake is not None else bits

    def _rarity(self, attribute: str, value: str) -> float:
        return self._rates.bits(attribute, value) if self._rates is not None and attribute else 0.0


_kept: dict[tuple[int, int], FewPairs] = {}


def few_pairs(model: Model, frequencies: Frequencies | None) -> FewPairs | None:
    """Return what scores few pairs; None for a model with comparisons that only arrays know. Kept for the next call."""
    key = id(model), id(frequencies)
    found = _kept.get(key)
    if found is None or found.model is not model or found.frequencies is not frequencies:
        if not _is_known(model):
            return None
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[key] = FewPairs(model, frequencies)
    return found


def score_few(scorer: FewPairs, identity: Identity, candidates: Sequence[Identity]) -> list[Evidence]:
    """Score one record against each candidate."""
    return [scorer.evidence(identity, candidate) for candidate in candidates]


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
