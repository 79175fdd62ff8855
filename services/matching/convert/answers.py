"""Answers owns the messages about candidates and explanations."""

from functools import lru_cache
from math import isfinite
from typing import Protocol

from patronage.matching.v1 import matching_service_pb2 as pb
from services.matching.convert.policies import time_message
from services.matching.domain.evidence import Contribution, Evidence, Explanation
from services.matching.domain.scan import Scan

HOUSEHOLD = "shared_household"
"""What is taken off because relatives too share home, surname and phone; a part of the sum like a comparison."""

_FIELDS = {
    **dict.fromkeys(("given", "family", "name_order", "middle", "suffix"), "name"),
    "locality": "address",
}
"""Comparisons that people know by the name of one field; the others have the field's own name."""


class Candidate(Protocol):
    """A candidate as the operation gives it."""

    @property
    def customer_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def evidence(self) -> Evidence: ...


def candidate_message(candidate: Candidate) -> pb.DuplicateCandidate:
    """Return a candidate as a message."""
    evidence = candidate.evidence
    return pb.DuplicateCandidate(
        customer_id=candidate.customer_id,
        name=candidate.name,
        email=candidate.email,
        phone=candidate.phone,
        score=score_message(evidence.match_weight, evidence.match_probability, evidence.confidence),
        matched_fields=dict.fromkeys(_FIELDS.get(one, one) for one in evidence.matched_fields),
    )


def score_message(weight: float, probability: float, confidence: int) -> pb.MatchScore:
    """Return a score as a message."""
    return pb.MatchScore(match_weight=weight, match_probability=probability, confidence=confidence)


def freshness_message(age_s: float) -> pb.Freshness | None:
    """Return how fresh an answer is; nothing where customers was never heard from."""
    return pb.Freshness(age_seconds=age_s) if isfinite(age_s) else None


@lru_cache(maxsize=256)
def counted_message(scan: Scan) -> pb.Counted:
    """Return the scan that counted how common values are, as a message that every answer by it copies."""
    ended = time_message(scan.ended_at) if scan.ended_at else None
    return pb.Counted(scan_id=scan.scan_id, time=ended, customers=scan.customers)


def explanation_message(
    explanation: Explanation, comparisons: tuple[Contribution, ...], shared_keys: tuple[str, ...]
) -> pb.Explanation:
    """Return the account of a pair as a message; prior and comparisons add up to the match weight."""
    household = explanation.shared_household_adjustment
    every = [_comparison_message(one) for one in comparisons]
    if household:
        every.append(pb.ComparisonEvidence(comparison=HOUSEHOLD, level="counted once", weight=household))
    return pb.Explanation(
        score=score_message(explanation.match_weight, explanation.match_probability, explanation.confidence),
        prior_weight=explanation.prior_weight,
        comparisons=every,
        shared_keys=shared_keys,
        model_version=explanation.model_version,
    )


def _comparison_message(one: Contribution) -> pb.ComparisonEvidence:
    return pb.ComparisonEvidence(
        comparison=one.comparison,
        left_value=one.left,
        right_value=one.right,
        level=one.level,
        weight=one.weight,
        term_frequency_adjustment=one.frequency_adjustment,
    )
