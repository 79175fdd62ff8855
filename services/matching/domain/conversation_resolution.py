"""Conversation resolution owns what becomes of conversations: outcomes, what a company wants, what stays known."""

from dataclasses import dataclass, field
from datetime import datetime

CREATED, UPDATED, FOUND_EXISTING = "CREATED", "UPDATED", "FOUND_EXISTING"
REVIEW, ERROR, SKIPPED = "REVIEW", "ERROR", "SKIPPED"
DECISION = "DECISION"
EMAIL, PHONE, EVIDENCE, NAME_ONLY, NONE, LINK = "EMAIL", "PHONE", "EVIDENCE", "NAME_ONLY", "NONE", "LINK"
CREATE_AND_REVIEW, CREATE, ASK, SKIP = "CREATE_AND_REVIEW", "CREATE", "REVIEW", "SKIP"


@dataclass(frozen=True, slots=True)
class ConversationPolicy:
    """What a company wants done with its conversations; `number` 0 is what holds until it says something."""

    automatic: bool = True
    name_only: str = CREATE_AND_REVIEW
    number: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def etag(self) -> str:
        """Return what changes with it."""
        return f"conversations-{self.number}"


@dataclass(frozen=True)
class Resolution:
    """What became of a conversation; without anything that its customer gave."""

    conversation_id: str
    revision: int
    epoch: str
    digest: str
    outcome: str
    matched_by: str
    explanation: str
    customer_id: str = ""
    confidence: int = 0
    weight: float | None = None
    filled: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    moved_from: str = ""
    needs_review: bool = False
    error_reason: str = ""
    created_id: str = ""
    linked_id: str = ""
    """The id that the conversation was linked to here; empty: it was not."""

    link_time: str = ""
    model_version: str = ""
    resolved_by: str = ""
    review_item_id: str = ""
    run_id: str = ""
    """The request id of the call that resolved it; empty: it had none."""

    decided_id: str = ""
    """The customer that a person has decided it to be; empty: nobody has."""

    decided_digest: str = ""
    """The digest of what was given when that was decided."""

    apart: tuple[str, ...] = ()
    """The customers that a person has said it is not with."""

    resolved_at: datetime | None = field(default=None, compare=False)

    def decided_for(self, digest: str) -> str:
        """Return the customer that a person has decided it to be by just what was given; empty: nobody has."""
        return self.decided_id if self.decided_digest == digest else ""

    @property
    def standing(self) -> tuple[object, ...]:
        """Return what nobody may change between the look at a conversation and what becomes of it."""
        return self.linked_id, self.link_time, self.decided_id, self.decided_digest, self.apart


@dataclass(frozen=True, slots=True)
class ResolutionsAsked:
    """Which resolutions are asked for; an empty outcome or run means any, bounds are times as PostgreSQL reads them."""

    run_id: str = ""
    start: str = "-infinity"
    end: str = "infinity"
    outcome: str = ""
