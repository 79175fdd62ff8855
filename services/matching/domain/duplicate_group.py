"""Duplicate group owns who belongs together after a scan, who leads, and what to do about it."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.matching.domain.evidence import AUTO_LINK
from services.matching.domain.policy import REJECT_BELOW


@dataclass(frozen=True, slots=True)
class Member:
    """A customer in a group, and its strongest link there."""

    customer_id: str
    match_weight: float
    match_probability: float
    confidence: int


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group as a scan found it; `confidence` is that of the weakest link that it needs."""

    confidence: int
    members: tuple[Member, ...]
    match_weight: float = 0.0
    weakest: tuple[str, str] | None = None

    @property
    def group_id(self) -> str:
        """Return an id that depends on the members only: the same group has it in each scan."""
        return group_id_of(member.customer_id for member in self.members)

    @property
    def strongest(self) -> int:
        """Return the confidence of the strongest link."""
        return max(member.confidence for member in self.members)


def group_id_of(customer_ids: Iterable[str]) -> str:
    """Return the id of a group with these members."""
    listed = "\n".join(sorted(customer_ids))
    return str(uuid.UUID(bytes=hashlib.sha256(listed.encode()).digest()[:16], version=5))


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A member as it is listed, with what people read."""

    member: Member
    name: str
    email: str
    phone: str
    completeness: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group as it is listed: the master first, then by confidence."""

    group_id: str
    confidence: int
    strongest: int
    members: tuple[ListedMember, ...]
    match_weight: float = 0.0
    weakest: tuple[str, str] | None = None
    state: str = "FOUND"
    updated_at: datetime | None = None

    @property
    def master_id(self) -> str:
        """Return the suggested target of a merge."""
        return self.members[0].member.customer_id

    def recommended_action(self, accept: int = AUTO_LINK, reject: int = REJECT_BELOW) -> str:
        """Return MERGE when all needed links reach `accept`, KEEP_SEPARATE when none reaches `reject`, else REVIEW."""
        if self.confidence >= accept:
            return "MERGE"
        return "KEEP_SEPARATE" if self.strongest < reject else "REVIEW"


def in_order(members: Iterable[ListedMember]) -> tuple[ListedMember, ...]:
    """Return the members with the master first: the most complete one, then the oldest; then by confidence."""
    ranked = sorted(members, key=lambda m: (-m.completeness, m.created_at, m.member.customer_id))
    others = sorted(ranked[1:], key=lambda m: (-m.member.confidence, -m.member.match_weight, m.member.customer_id))
    return (*ranked[:1], *others)
