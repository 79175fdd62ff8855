"""A conversation: what a writer may say of it, and which of its interactions are new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.customers.domain.failures import ConversationConflict, ConversationTooLarge
from services.customers.domain.fields import Json
from services.customers.domain.times import time_text
from services.runtime.failures import FieldCheck, FieldViolation

LINK_SOURCES = ("AUTO_SYNC", "MANUAL", "MIGRATION", "MERGE")
GIVEN_FIELDS: Mapping[str, int] = {
    "user_id": 255,
    "customer_name": 255,
    "customer_email": 320,
    "customer_phone": 64,
    "customer_address": 500,
}
"""What a chat knows of its customer, and the most characters of each."""
SAID: Mapping[str, int] = {"user_input": 20_000, "ai_response": 20_000, "interaction_summary": 2_000}
LONGEST_SESSION = 255
LONGEST_SUMMARY = 2_000
MOST_TOPICS, LONGEST_TOPIC = 20, 64
MOST_INTERACTIONS, MOST_CHARACTERS = 500, 200_000
"""The feed carries a conversation whole with each change of it, so it must stay far below what a message takes."""
LARGEST_NUMBER = 1_000_000


@dataclass(frozen=True, slots=True)
class Interaction:
    """One turn; number 0 stands for the next one, no time for now."""

    number: int
    said: Mapping[str, str]
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConversationDraft:
    """What a writer says of a conversation; `given` has the fields of GIVEN_FIELDS, empty where nothing is known."""

    session_id: str
    given: Mapping[str, str]
    started_at: datetime | None
    interactions: Sequence[Interaction]

    def start(self, now: datetime) -> datetime:
        """When it began: as said, else with its earliest interaction, else now."""
        times = [turn.time for turn in self.interactions if turn.time is not None]
        return self.started_at or min(times, default=now)


def placed(turns: Sequence[Interaction]) -> list[Interaction]:
    """The turns of a whole conversation, those without a number at their place: sent again they are the same ones."""
    return [turn if turn.number else replace(turn, number=place) for place, turn in enumerate(turns, start=1)]


def check_draft(
    draft: ConversationDraft, customer_id: str, link_source: str, wrong: Iterable[FieldViolation] = ()
) -> None:
    """Raises FieldsInvalid with every wrong field of a request to record, those that are known already among them."""
    check = FieldCheck()
    check.violations.extend(wrong)
    filled = draft.session_id.strip() and len(draft.session_id) <= LONGEST_SESSION
    check.require(filled, "conversation.session_id", f"takes 1 to {LONGEST_SESSION} characters")
    check.require("\x00" not in draft.session_id, "conversation.session_id", "holds a NUL character")
    for name, longest in GIVEN_FIELDS.items():
        check_text(check, f"conversation.{name}", draft.given[name], longest)
    check_interactions(check, "conversation.interactions", draft.interactions)
    check_link_source(check, link_source)
    check.require(customer_id or not link_source, "link_source", "counts with a customer_id only")
    check.raise_if_any()


def check_interactions(check: FieldCheck, path: str, turns: Sequence[Interaction]) -> None:
    """Notes what is wrong with interactions."""
    check.require(len(turns) <= MOST_INTERACTIONS, path, f"takes up to {MOST_INTERACTIONS} interactions")
    for place, turn in enumerate(turns[:MOST_INTERACTIONS]):
        where = f"{path}[{place}]"
        numbered = 0 <= turn.number <= LARGEST_NUMBER
        check.require(numbered, f"{where}.interaction_number", f"must be between 1 and {LARGEST_NUMBER}, or absent")
        check.require(any(turn.said.values()), where, "says nothing")
        for name, longest in SAID.items():
            check_text(check, f"{where}.{name}", turn.said[name], longest)


def check_link_source(check: FieldCheck, link_source: str) -> None:
    """Notes a source of a link that is none; an empty one stands for the default."""
    known = not link_source or link_source in LINK_SOURCES
    check.require(known, "link_source", f"is not one of {', '.join(LINK_SOURCES)}")


def check_summary(check: FieldCheck, summary: str, topics: Sequence[str]) -> None:
    """Notes what is wrong with a summary and topics."""
    check_text(check, "summary", summary, LONGEST_SUMMARY)
    check.require(len(topics) <= MOST_TOPICS, "topics", f"takes up to {MOST_TOPICS} topics")
    for place, topic in enumerate(topics[:MOST_TOPICS]):
        check.require(topic.strip(), f"topics[{place}]", "is empty")
        check_text(check, f"topics[{place}]", topic, LONGEST_TOPIC)


def check_text(check: FieldCheck, name: str, value: str, longest: int) -> None:
    """Notes a text that is too long or cannot be stored."""
    check.require(len(value) <= longest, name, f"takes up to {longest} characters")
    check.require("\x00" not in value, name, "holds a NUL character")


def new_interactions(there: Iterable[Json], turns: Sequence[Interaction], now: datetime) -> list[dict[str, Json]]:
    """The turns that are not there yet, numbered, as stored. Raises ConversationConflict for one with other words."""
    known = {turn["interaction_number"]: turn for turn in there}
    found = []
    for turn in turns:
        number = turn.number or max(known, default=0) + 1
        time = time_text(turn.time or now)
        if number in known:
            _require_same(known[number], turn, number)
            continue
        known[number] = {"interaction_number": number, **turn.said, "interaction_time": time}
        found.append(known[number])
    return found


def check_size(shown: Mapping[str, Json]) -> None:
    """Raises ConversationTooLarge where a conversation has become larger than one may be."""
    interactions, characters = shown["interactions"], shown["characters"]
    if interactions > MOST_INTERACTIONS or characters > MOST_CHARACTERS:
        raise ConversationTooLarge(shown["conversation_id"], interactions, characters)


def size_with(there: Mapping[str, Json] | None, turns: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """How large a conversation, None for a new one, would be with further turns, as `check_size` takes it."""
    known = there or {"conversation_id": "", "interactions": 0, "characters": 0}
    characters = sum(len(turn["user_input"]) + len(turn["ai_response"]) for turn in turns)
    return {
        "conversation_id": known["conversation_id"],
        "interactions": known["interactions"] + len(turns),
        "characters": known["characters"] + characters,
    }


def etag_of(conversation_id: str, revision: int) -> str:
    """The etag of a conversation: another one for each revision."""
    return hashlib.sha256(f"{conversation_id} {revision}".encode()).hexdigest()[:20]


def _require_same(there: Mapping[str, Json], turn: Interaction, number: int) -> None:
    same = all(there[name] == turn.said[name] for name in SAID)
    if turn.time is not None:
        same = same and datetime.fromisoformat(there["interaction_time"]) == turn.time
    if not same:
        text = f"Interaction {number} is recorded with other words. Send it under a number of its own."
        raise ConversationConflict(text, metadata={"interaction_number": str(number)})
