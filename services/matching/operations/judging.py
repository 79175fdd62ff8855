"""Judging owns how candidates that share a key are scored and ranked, for both online questions alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.evidence import Evidence
from services.matching.domain.identity_record import Identity
from services.matching.domain.scan import Scan
from services.matching.engine.api import score_candidates
from services.matching.operations.derive import named_keys
from services.matching.operations.knowledge import Knowledge, KnownCompanies
from services.matching.store.candidates import Candidates
from services.runtime.database import Database, Reader, TenantScope


@dataclass(frozen=True, slots=True)
class Search:
    """Where online questions are answered from: the mirror, and what each company is judged by."""

    database: Database
    known: KnownCompanies

    def reader(self, company_id: str) -> Reader:
        """Return what reads a company's mirror in one round trip."""
        return self.database.reader(TenantScope(company_id))


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
    """The candidates, best first, what the search left out, and by what they were judged."""

    candidates: tuple[Candidate, ...]
    compared: int
    capped_keys: tuple[str, ...]
    age_s: float
    model_version: str
    counted: Scan | None


def judged(search: Search, identity: Identity, found: Candidates, asked: Asked) -> Found:
    """Score the candidates, keep those that are sure enough, and say what was left out."""
    known = search.known.of(asked.company_id, found.policy_number, found.listed_scan)
    names = named_keys(identity) if found.capped else {}
    return Found(
        candidates=tuple(_best(found, _evidence(identity, found, known), asked)),
        compared=len(found.shown),
        capped_keys=tuple(sorted(names[key] for key in found.capped if key in names)),
        age_s=found.age_s,
        model_version=known.policy.version,
        counted=known.scan,
    )


def _evidence(identity: Identity, found: Candidates, known: Knowledge) -> Sequence[Evidence]:
    return score_candidates(identity, found.identities, known.policy.model, known.frequencies)


def _best(found: Candidates, evidence: Sequence[Evidence], asked: Asked) -> list[Candidate]:
    """Return the best candidates; of two that are as sure the one with the smaller id comes first."""
    sure = [row for row, one in enumerate(evidence) if one.confidence >= asked.min_confidence]
    sure.sort(key=lambda row: (-evidence[row].confidence, -evidence[row].match_weight, found.shown[row][0]))
    return [Candidate(*found.shown[row], evidence[row]) for row in sure[: asked.limit]]
