"""Auto merge owns which groups merge by themselves, into whom, and why others are left to people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.matching.domain.judgement import DIFFERENT, UNSURE
from services.matching.domain.scan import Scan

MOST_SOURCES = 50
DEFAULT_MERGES = 1_000
MOST_MERGES = 10_000
CHANGED, TOO_LARGE, REFUSED = "CHANGED", "TOO_LARGE", "REFUSED"
JUDGED_DIFFERENT, JUDGED_UNSURE = "JUDGED_DIFFERENT", "JUDGED_UNSURE"
_ACTIVE = "ACTIVE"
_OUT_OF_DATE = "OUT_OF_DATE"


@dataclass(frozen=True, slots=True)
class Wish:
    """How sure a group must be (None: as sure as the policy accepts), and how many to merge at the most."""

    least: int | None = None
    most: int = DEFAULT_MERGES


@dataclass(frozen=True, slots=True)
class CandidateMember:
    """A customer of a group as the mirror holds it; `waits`: its groups are yet to be weighed anew."""

    customer_id: str
    state: str
    revision: int
    completeness: int
    created_at: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed group as it is now."""

    group_id: str
    confidence: int
    state: str
    members: tuple[CandidateMember, ...]

    @property
    def ordered(self) -> Sequence[str]:
        """Return the customers, the target first: active, then the most complete, then the oldest, then by id."""
        key = sorted(
            self.members, key=lambda one: (one.state != _ACTIVE, -one.completeness, one.created_at, one.customer_id)
        )
        return [one.customer_id for one in key]

    @property
    def revisions(self) -> dict[str, int]:
        """Return for each customer the revision that was compared."""
        return {one.customer_id: one.revision for one in self.members}

    def left_because(self, least: int, verdicts: Collection[str]) -> str:
        """Return why the group is left to people; empty where it may be merged."""
        if DIFFERENT in verdicts:
            return JUDGED_DIFFERENT
        if UNSURE in verdicts:
            return JUDGED_UNSURE
        if self.state == _OUT_OF_DATE or self.confidence < least or any(one.waits for one in self.members):
            return CHANGED
        return TOO_LARGE if len(self.members) > MOST_SOURCES + 1 else ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A group that is sure enough, and why it is left to people all the same; empty: it is not."""

    candidate: Candidate
    left_because: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The groups to merge, the surest first, with those among them that are left to people."""

    scan: Scan
    least: int
    groups: Sequence[Weighed]
