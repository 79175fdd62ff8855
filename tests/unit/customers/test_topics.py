"""Topics and summaries of conversations: found by words, the same for the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customers.domain.conversation import LONGEST_SUMMARY, MOST_TOPICS
from services.customers.domain.topics import found_topics, made_summary


def said(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"user_input": asked, "ai_response": answered} for asked, answered in pairs]


def test_the_topic_that_is_spoken_of_most_comes_first_and_equal_ones_by_name() -> None:
    talk = said(("What is the PRICE? And the delivery?", "The price is 5."), ("I want a refund", ""))
    assert found_topics(talk) == ["pricing", "delivery", "refund"]


@pytest.mark.parametrize(
    ("words", "topics"),
    [
        ("two invoices", ["payment"]),
        ("the warranties", []),
        ("priceless, unsupported", []),
        ("how\tmuch", []),
        ("How much?", ["pricing"]),
        ("it is not working", ["support"]),
        ("", []),
        ("💸 price💸", ["pricing"]),
    ],
)
def test_words_count_whole_and_in_the_plural(words: str, topics: list[str]) -> None:
    assert found_topics(said((words, ""))) == topics


def test_a_company_has_its_own_vocabulary() -> None:
    vocabulary = {"kitchen": ("Küche", "kitchen"), "empty": ()}
    assert found_topics(said(("Eine neue KÜCHE bitte", "")), vocabulary) == ["kitchen"]
    assert len(found_topics(said(("all", "")), {f"t{n}": ("all",) for n in range(50)})) == MOST_TOPICS


def test_a_summary_says_how_it_began_and_how_it_ended() -> None:
    talk = said(("", "Welcome"), ("What  does\nit cost?", "Five."), ("Thanks", ""))
    assert made_summary(talk, ["pricing"]) == (
        '3 interactions about pricing. Began with: "What does it cost?" Last answer: "Five."'
    )
    assert made_summary(said(("hi", "")), []) == '1 interaction. Began with: "hi"'
    assert made_summary([], []) == "Nothing was said."


@given(st.lists(st.tuples(st.text(max_size=400), st.text(max_size=400)), max_size=6))
def test_any_words_have_topics_and_a_summary_that_can_be_stored(pairs: list[tuple[str, str]]) -> None:
    talk = said(*pairs)
    topics = found_topics(talk)
    assert topics == found_topics(talk)
    assert 1 <= len(made_summary(talk, topics)) <= LONGEST_SUMMARY
