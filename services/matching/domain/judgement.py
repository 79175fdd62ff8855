"""Judgement owns what people say of a pair of customers."""

from dataclasses import dataclass
from datetime import datetime

SAME, DIFFERENT, UNSURE = "SAME", "DIFFERENT", "UNSURE"
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Author:
    """Who judges: the subject and the name of a token."""

    subject: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement to be written. `merge_id` is that of the merge whose undo it follows from. No author: the caller."""

    left_id: str
    right_id: str
    verdict: str
    reason: str = ""
    merge_id: str | None = None
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judgement as it is kept. It is symmetric: `left_id` is the smaller of the two ids."""

    judgement_id: str
    left_id: str
    right_id: str
    verdict: str
    reason: str
    author: str
    author_name: str
    created_at: datetime
    merge_id: str | None = None
    retracted_at: datetime | None = None
    retracted_by: str = ""
    retracted_by_name: str = ""
    retract_reason: str = ""
    in_conflict: bool = False
    """Whether what is true of the two trees now contradicts it."""


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Return two ids in their order, so that a pair is the same whoever is named first."""
    first, second = sorted((one.lower(), other.lower()))
    return first, second
