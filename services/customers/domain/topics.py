"""What a conversation is about, found by words: the same words always give the same topics and the same summary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from services.customers.domain.conversation import LONGEST_SUMMARY, MOST_TOPICS
from services.customers.domain.fields import Json

Vocabulary = Mapping[str, Sequence[str]]
"""For each topic the words and phrases that speak of it."""

DEFAULT_VOCABULARY: Vocabulary = {
    "appointment": ("appointment", "schedule", "reschedule", "booking", "book a", "availability"),
    "cancellation": ("cancel", "cancellation", "terminate"),
    "complaint": ("complaint", "complain", "disappointed", "unacceptable", "not happy"),
    "contract": ("contract", "agreement", "terms and conditions"),
    "delivery": ("delivery", "deliver", "shipping", "shipment", "tracking"),
    "financing": ("financing", "installment", "instalment", "loan", "credit"),
    "payment": ("payment", "invoice", "receipt", "paid", "pay by"),
    "pricing": ("price", "pricing", "cost", "how much", "quote", "quotation", "estimate", "discount"),
    "refund": ("refund", "money back", "return it"),
    "support": ("help with", "support", "not working", "broken", "repair", "fix"),
    "warranty": ("warranty", "guarantee"),
}
_SHOWN_OF_A_TURN = 160


def found_topics(said: Sequence[Json], vocabulary: Vocabulary = DEFAULT_VOCABULARY) -> list[str]:
    """The topics that what was said speaks of: the one that is spoken of most first, then by name; at most 20."""
    text = "\n".join(f"{turn['user_input']}\n{turn['ai_response']}" for turn in said).casefold()
    counted = {topic: len(_pattern(tuple(words)).findall(text)) for topic, words in vocabulary.items() if words}
    spoken = [topic for topic, times in counted.items() if times]
    return sorted(spoken, key=lambda topic: (-counted[topic], topic))[:MOST_TOPICS]


def made_summary(said: Sequence[Json], topics: Sequence[str]) -> str:
    """What a conversation was, in a few sentences: how long, of what, how it began and how it ended."""
    if not said:
        return "Nothing was said."
    turns = f"{len(said)} interaction{'s' if len(said) > 1 else ''}"
    sentences = [f"{turns} about {', '.join(topics)}." if topics else f"{turns}."]
    asked = next((turn["user_input"] for turn in said if turn["user_input"].strip()), "")
    answered = next((turn["ai_response"] for turn in reversed(said) if turn["ai_response"].strip()), "")
    sentences += [f'Began with: "{_short(asked)}"'] if asked else []
    sentences += [f'Last answer: "{_short(answered)}"'] if answered else []
    return " ".join(sentences)[:LONGEST_SUMMARY]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_OF_A_TURN else line[: _SHOWN_OF_A_TURN - 1] + "…"


@lru_cache(maxsize=1024)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words, whole or in the plural."""
    longest_first = sorted((word.casefold() for word in words), key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?:s|es)?(?!\w)")
