"""Judging owns how candidates that share a key are scored and ranked, for both online questions alike."""

from dataclasses import dataclass

from services.matching.domain.evidence import Evidence
from services.matching.domain.identity_record import Identity
from services.matching.domain.scan import Scan
from services.matching.operations.derive import named_keys
from services.matching.operations.knowledge import KnownCompanies
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
    names = named_keys(identity) if found.unused else {}
    return Found(
        candidates=tuple(
            _best(found, known.scorer.sure(identity, found.identities, asked.min_confidence), asked.limit)
        ),
        compared=len(found.shown),
        capped_keys=tuple(sorted(names[key] for key in found.unused if key in names)),
        age_s=found.age_s,
        model_version=known.policy.version,
        counted=known.scan,
    )


def _best(found: Candidates, sure: list[tuple[int, Evidence]], limit: int) -> list[Candidate]:
    """Return the best candidates; of two that are as sure the one with the smaller id comes first."""
    sure.sort(key=lambda one: (-one[1].confidence, -one[1].match_weight, found.shown[one[0]][0]))
    return [Candidate(*found.shown[row], evidence) for row, evidence in sure[:limit]]
