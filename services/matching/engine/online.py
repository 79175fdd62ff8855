"""Online owns the scoring of one record against its candidates: few by plain numbers, many by the path of scans."""

from collections.abc import Sequence

import numpy as np

from services.matching.domain.evidence import Contribution, Evidence, Explanation, probability
from services.matching.domain.identity_record import Identity
from services.matching.domain.keys import blocking_keys
from services.matching.domain.model import USUAL_RECORDS, Frequencies, Model
from services.matching.engine.arrays import MISSING
from services.matching.engine.assessors import Pairs
from services.matching.engine.columns import columns_of
from services.matching.engine.few_pairs import FEW, few_pairs
from services.matching.engine.scoring import Gamma, Scored, score_pairs
from services.matching.engine.shown import shown_value


class Scorer:
    """Scores by one model and one company's frequencies; kept for as long as both are in use."""

    def __init__(self, model: Model, frequencies: Frequencies | None = None) -> None:
        self._model = model
        self._frequencies = frequencies
        self._few = few_pairs(model, frequencies)

    def score(self, identity: Identity, candidates: Sequence[Identity]) -> list[Evidence]:
        """Score one record against each candidate, in their order; the same numbers as a scan gives."""
        return [one for _, one in self.sure(identity, candidates, 0)]

    def sure(self, identity: Identity, candidates: Sequence[Identity], least: int) -> list[tuple[int, Evidence]]:
        """Return the candidates whose confidence reaches `least`, by their places, with the evidence."""
        few = self._few
        if few is not None and len(candidates) <= FEW:
            scored = ((row, few.evidence(identity, one, least)) for row, one in enumerate(candidates))
            return [(row, one) for row, one in scored if one is not None]
        every = score_many(identity, candidates, self._model, self._frequencies) if candidates else []
        return [(row, one) for row, one in enumerate(every) if one.confidence >= least]


def score_many(
    identity: Identity, candidates: Sequence[Identity], model: Model, frequencies: Frequencies | None
) -> list[Evidence]:
    """Score one record against many candidates, as scans do."""
    gamma, scored = _compare(identity, candidates, model, frequencies)
    return [evidence_of(gamma, scored, row, model) for row in range(len(candidates))]


def explain(left: Identity, right: Identity, model: Model, frequencies: Frequencies | None) -> Explanation:
    """Return prior, contributions and total of one pair."""
    gamma, scored = _compare(left, [right], model, frequencies)
    total = float(scored.total[0])
    kinds = dict.fromkeys(kind for kind, _ in set(blocking_keys(left)) & set(blocking_keys(right)))
    return Explanation(
        model_version=model.version,
        prior_weight=float(np.log2(model.prior(frequencies.records if frequencies else USUAL_RECORDS))),
        contributions=_contributions(left, right, gamma, scored, model),
        shared_household_adjustment=float(scored.household[0]),
        match_weight=total,
        match_probability=probability(total),
        confidence=int(scored.confidence[0]),
        shared_keys=tuple(sorted(kinds)),
    )


def _compare(
    identity: Identity, candidates: Sequence[Identity], model: Model, frequencies: Frequencies | None
) -> tuple[Gamma, Scored]:
    columns = columns_of([identity, *candidates], frequencies)
    others = np.arange(1, len(candidates) + 1)
    return score_pairs(Pairs(columns, np.zeros_like(others), others), model)


def evidence_of(gamma: Gamma, scored: Scored, row: int, model: Model) -> Evidence:
    """Return the evidence of one of the pairs that were scored."""
    total = float(scored.total[row])
    found = {
        comparison.name: int(gamma.levels[column][row])
        for column, comparison in enumerate(model.comparisons)
        if gamma.levels[column][row] != MISSING
    }
    weights = [weight[row] + added[row] for weight, added in zip(scored.weights, scored.adjustments, strict=True)]
    return Evidence(
        match_weight=total,
        match_probability=probability(total),
        confidence=int(scored.confidence[row]),
        levels={c.name: c.levels[found[c.name]].name for c in model.comparisons if c.name in found},
        matched_fields=tuple(
            c.name
            for column, c in sorted(enumerate(model.comparisons), key=lambda one: -weights[one[0]])
            if c.name in found and weights[column] > 0
        ),
    )


def _contributions(
    left: Identity, right: Identity, gamma: Gamma, scored: Scored, model: Model
) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(
            comparison=comparison.name,
            left=shown_value(left, comparison.name),
            right=shown_value(right, comparison.name),
            level=comparison.levels[gamma.levels[column][0]].name,
            weight=float(scored.weights[column][0]),
            frequency_adjustment=float(scored.adjustments[column][0]),
        )
        for column, comparison in enumerate(model.comparisons)
        if gamma.levels[column][0] != MISSING
    )
