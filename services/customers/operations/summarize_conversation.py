"""Writes the summary and the topics of a conversation, and a note of the system's where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.conversation import check_summary
from services.customers.domain.failures import ConversationOrphaned
from services.customers.domain.topics import found_topics, made_summary
from services.customers.operations.conversation_writing import Shown, announced, locked, note_event
from services.customers.operations.writing import utc_now
from services.customers.store import conversation_notes, conversations
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken


@dataclass(frozen=True, slots=True)
class Summarized:
    """The conversation with its summary, and the note that holds it, if one was asked for."""

    shown: Shown
    note_id: str
    token: ChangeToken


def summarize_conversation(
    tx: Transaction, conversation_id: str, summary: str, topics: Sequence[str], *, write_note: bool, etag: str = ""
) -> Summarized:
    """Stores a summary and topics: those that are given, else those that are found in what was said.

    Raises FieldsInvalid, ConversationNotFound, ConversationOrphaned, NotOwnRecord, EtagMismatch.
    """
    check = FieldCheck()
    check.require(conversation_id, "conversation_id", "is required")
    check_summary(check, summary, topics)
    check.raise_if_any()
    there, now = locked(tx, conversation_id, etag), utc_now()
    if write_note and there["origin_customer_id"] is None:
        raise ConversationOrphaned(there["conversation_id"])
    about = [topic.strip() for topic in dict.fromkeys(topics)] or found_topics(there["said"])
    text = summary.strip() or made_summary(there["said"], about)
    if (text, about) != (there["summary"], there["topics"]):
        changes = {"summary": text, "topics": about, "summarized_at": now}
        conversations.change(tx, there["conversation_id"], changes, now)
        there = announced(tx, there["conversation_id"]).shown
    note_id = _note(tx, there) if write_note else ""
    return Summarized(there, note_id, tx.change_token())


def _note(tx: Transaction, shown: Shown) -> str:
    note_id, added = conversation_notes.write(tx, shown)
    if added:
        note_event(tx, shown["origin_customer_id"], "note_added", shown, note_id=note_id, type="GENERAL")
    return note_id
