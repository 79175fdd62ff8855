"""Which interactions of a conversation are new, whoever sends them how often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.conversation import (
    SAID,
    ConversationDraft,
    Interaction,
    check_summary,
    etag_of,
    new_interactions,
    placed,
)
from services.customers.domain.failures import ConversationConflict
from services.runtime.failures import FieldCheck

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = st.none() | st.integers(-100, 100).map(lambda minutes: NOW + timedelta(minutes=minutes))
WORDS = st.fixed_dictionaries({name: st.text(max_size=5) for name in SAID})
TURNS = st.lists(st.builds(Interaction, st.just(0), WORDS, TIMES), max_size=8)


@given(TURNS)
def test_a_conversation_sent_again_adds_nothing(turns: list[Interaction]) -> None:
    there = new_interactions([], placed(turns), NOW)
    assert [turn["interaction_number"] for turn in there] == list(range(1, len(turns) + 1))
    assert new_interactions(there, placed(turns), NOW + timedelta(hours=1)) == []


@given(TURNS, TURNS)
def test_turns_without_a_number_come_after_those_that_are_there(
    first: list[Interaction], more: list[Interaction]
) -> None:
    there = new_interactions([], first, NOW)
    added = new_interactions(there, more, NOW)
    numbers = [turn["interaction_number"] for turn in [*there, *added]]
    assert numbers == list(range(1, len(first) + len(more) + 1))


def test_a_turn_with_other_words_or_another_time_is_a_conflict() -> None:
    turn = Interaction(1, {**dict.fromkeys(SAID, ""), "user_input": "hi"}, NOW)
    there = new_interactions([], [turn], NOW)
    for other in (
        replace(turn, said={**turn.said, "user_input": "Hi"}),
        replace(turn, said={**turn.said, "interaction_summary": "s"}),
        replace(turn, time=NOW + timedelta(seconds=1)),
    ):
        with pytest.raises(ConversationConflict):
            new_interactions(there, [other], NOW)
    assert new_interactions(there, [replace(turn, time=None)], NOW) == []


def test_a_conversation_begins_when_it_is_said_to_or_with_its_first_turn_or_now() -> None:
    said = dict.fromkeys(SAID, "a")
    turns = [Interaction(0, said, NOW + timedelta(minutes=1)), Interaction(0, said, NOW), Interaction(0, said)]
    later = NOW + timedelta(days=1)
    assert ConversationDraft("s", {}, None, turns).start(later) == NOW
    assert ConversationDraft("s", {}, NOW - timedelta(1), turns).start(later) == NOW - timedelta(1)
    assert ConversationDraft("s", {}, None, turns[2:]).start(later) == later


def test_each_wrong_topic_is_named() -> None:
    check = FieldCheck()
    check_summary(check, "x" * 2_001, ["fine", " ", "x" * 65, "a\x00b"])
    assert [item.field for item in check.violations] == ["summary", "topics[1]", "topics[2]", "topics[3]"]
    check = FieldCheck()
    check_summary(check, "", ["t"] * 21)
    assert [item.field for item in check.violations] == ["topics"]


def test_an_etag_is_another_one_for_each_revision_of_each_conversation() -> None:
    assert len({etag_of(name, revision) for name in ("a", "b") for revision in (1, 2, 11)}) == 6
