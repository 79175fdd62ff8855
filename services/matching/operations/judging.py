"""Judging owns how candidates that share a key are scored and ranked, for both online questions alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.evidence import Evidence
from services.matching.domain.identity_record import Identity
from services.matching.engine.api import score_candidates
from services.matching.operations.derive import named_keys
from services.matching.store.candidates import Candidates


@dataclass(frozen=True, slots=True)
class Asked:
    """What every online question says: how sure, how many, how wide a key may be, and who follows the feed."""

    company_id: str
    min_confidence: int
    limit: int
    cap: int
    follower: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer that may be the same."""

    customer_id: str
    name: str
    email: str
    phone: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates, best first, and what the search left out."""

    candidates: tuple[Candidate, ...]
    compared: int
    capped_keys: tuple[str, ...]
    age_s: float
    model_version: str


def judged(identity: Identity, found: Candidates, asked: Asked) -> Found:
    """Score the candidates, keep those that are sure enough, and say what was left out."""
    evidence = score_candidates(identity, found.identities) if found.identities else []
    names = named_keys(identity) if found.capped else {}
    return Found(
        candidates=tuple(_best(found, evidence, asked)),
        compared=len(found.ids),
        capped_keys=tuple(sorted(names[key] for key in found.capped if key in names)),
        age_s=found.age_s,
        model_version=DEFAULT_MODEL.version,
    )


def _best(found: Candidates, evidence: Sequence[Evidence], asked: Asked) -> list[Candidate]:
    """Return the best candidates; of two that are as sure the one with the smaller id comes first."""
    sure = [row for row, one in enumerate(evidence) if one.confidence >= asked.min_confidence]
    sure.sort(key=lambda row: (-evidence[row].confidence, -evidence[row].match_weight, found.ids[row]))
    return [
        Candidate(found.ids[row], found.names[row], found.emails[row], found.phones[row], evidence[row])
        for row in sure[: asked.limit]
    ]
