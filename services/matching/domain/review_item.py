"""Review item owns what waits for a person: what it is about, how much hangs on it, and how it ended."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

PAIR, GROUP, CONFLICT = "PAIR", "GROUP", "CONFLICT"
CONVERSATION, MERGE_UNDONE = "CONVERSATION", "MERGE_UNDONE"
OPEN, RESOLVED, SUPERSEDED = "OPEN", "RESOLVED", "SUPERSEDED"
MERGED, DIFFERENT, SAME, UNSURE = "MERGED", "DIFFERENT", "SAME", "UNSURE"

NAME_ALONE, SEVERAL_MATCHES = "NAME_ALONE", "SEVERAL_MATCHES"
"""Why a conversation waits: nothing but a name is known of the person; it fits two customers as well or better."""

NOT_ALIKE, JUDGED, NOT_FOUND, NO_CONFLICT = "NOT_ALIKE", "JUDGED", "NOT_FOUND", "NO_CONFLICT"
OUT_OF_BAND = "OUT_OF_BAND"
"""Why an item is superseded, beside the states MERGED, DELETED and ERASED of those that it was about."""

MOST_OPEN = 20_000
"""Pairs and groups that a company has in front of it at once: those with the most impact."""

LONGEST_REASON = 500
_SURE = 100


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """What speaks for and against: never values, only which fields agree and how far."""

    confidence: int = 0
    match_weight: float = 0.0
    policy_version: str = ""
    """'' for what a scan found: then it is that of the scan."""

    matched_fields: tuple[str, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be opened. `parts` says what it is about: the same parts are the same item, for ever."""

    kind: str
    customer_ids: tuple[str, ...]
    evidence: ItemEvidence = field(default_factory=ItemEvidence)
    cause: str = ""
    conversation_id: str = ""
    judgement_ids: tuple[str, ...] = ()
    scan_id: str | None = None
    merge_id: str | None = None

    @property
    def subject(self) -> str:
        """Return what the item is about, as a UUID; a pair is the same one whether a scan or an undo brings it up."""
        if self.kind == CONVERSATION:
            return digest_of(CONVERSATION, [self.conversation_id])
        if self.kind == CONFLICT:
            return digest_of(CONFLICT, self.judgement_ids[:1])
        return trees_subject(self.customer_ids)

    @property
    def digest(self) -> str:
        """Return the digest of all that may change the mind of somebody who was unsure; weights are no part of it."""
        levels = json.dumps(dict(self.evidence.levels), sort_keys=True)
        return digest_of(levels, [self.cause, *sorted(self.customer_ids), *self.judgement_ids])


def trees_subject(customer_ids: Iterable[str]) -> str:
    """Return the subject of an item about the trees of these roots."""
    return digest_of("TREES", sorted(customer_ids))


def digest_of(first: str, parts: Iterable[str]) -> str:
    """Return a UUID that depends on these texts alone."""
    text = "\n".join([first, *parts])
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=5))


def urgency(confidence: int) -> int:
    """Return what each record that an item would join counts: 100, and up to 100 more the less sure the engine is.

    The impact of an item is this times the records that would join another one: of all trees together, less one.
    """
    return 100 + 4 * confidence * (_SURE - confidence) // _SURE


@dataclass(frozen=True, slots=True)
class ItemsAsked:
    """Which items are asked for; '' for a kind or a customer means any."""

    state: str = OPEN
    kind: str = ""
    least: int = 0
    most: int = 100
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class ItemCustomer:
    """A customer of an item as it was opened, the root that it belongs to now, and what people read of that.

    No root: it is deleted, erased, or not known here yet.
    """

    customer_id: str
    root_id: str | None
    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item as it is kept."""

    item_id: str
    kind: str
    state: str
    impact: int
    evidence: ItemEvidence
    cause: str
    customers: tuple[ItemCustomer, ...]
    conversation_id: str
    judgement_ids: tuple[str, ...]
    merge_id: str | None
    version: int
    opened_at: datetime
    updated_at: datetime
    outcome: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_by_name: str = ""
    reason: str = ""

    @property
    def etag(self) -> str:
        """Return what a resolution may name, so that it meets the item as it was seen."""
        return str(self.version)
