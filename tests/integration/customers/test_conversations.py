"""Conversations: recorded once a session, linked, moved, taken away and deleted, each of it told and counted."""

from collections.abc import Callable

import pytest
from psycopg.rows import dict_row

from services.customers.convert.conversation import conversation_message
from services.customers.domain.conversation import MOST_CHARACTERS, MOST_INTERACTIONS
from services.customers.domain.failures import (
    ConversationConflict,
    ConversationNotFound,
    ConversationTooLarge,
    CustomerDeleted,
    CustomerNotFound,
)
from services.customers.operations.batch_link_conversations import WantedLink, batch_link_conversations
from services.customers.operations.record_conversation import Recorded
from services.runtime.failures import EtagMismatch, FieldsInvalid
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.conversing import Talks, assert_figures_are_a_recount, minute, turn

NOBODY = "01a1fc61-4b0b-7ca2-904a-26cb4c0c72a1"
EVENTS = """
SELECT type, origin_customer_id::text AS customer_id, data FROM events
 WHERE type LIKE 'conversation%%' ORDER BY event_id
"""
FED = "SELECT kind, revision, payload FROM feed WHERE subject = 'conversation' ORDER BY seq"


@pytest.fixture
def talks(acme: Company) -> Talks:
    return Talks(acme)


def test_a_conversation_is_kept_as_it_came(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    said = turn("Où êtes-vous? 😀\nالسلام", "Here: 'quoted' -- \\x", at=minute(1), summary="where")
    recorded = talks.recorded("s/1", said, customer=ann, user_id="u1", customer_name="Añn", customer_email="A@x.io")
    shown = talks.get(recorded.shown["conversation_id"])
    assert shown == recorded.shown == talks.get(session="s/1")
    assert shown["said"] == [{"interaction_number": 1, **said.said, "interaction_time": minute(1).isoformat()}]
    assert (shown["origin_customer_id"], shown["link_source"], shown["linked_by"]) == (ann, "AUTO_SYNC", "ann")
    assert (shown["user_id"], shown["customer_name"], shown["customer_email"]) == ("u1", "Añn", "A@x.io")


def test_a_session_is_recorded_once_and_sent_again_adds_what_is_new(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    first = talks.recorded("s", turn("hi", number=1, at=minute(1)), customer=ann, customer_name="A")
    again = talks.recorded("s", turn("hi", number=1, at=minute(1)), customer_name="A")
    assert (first.created, again.created, again.shown) == (True, False, first.shown)
    more = talks.recorded("s", turn("hi", number=1), turn("yes", number=2), customer_name="Ann", customer_email="a@x")
    assert [one["user_input"] for one in more.shown["said"]] == ["hi", "yes"]
    assert (more.shown["customer_name"], more.shown["customer_email"]) == ("Ann", "a@x")
    silent = talks.recorded("s", turn("hi"), turn("yes"))
    assert silent.shown == more.shown
    assert_figures_are_a_recount(acme)


def test_a_session_sent_again_does_not_change_its_words_or_its_customer(acme: Company, talks: Talks) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    conversation = talks.record("s", turn("hi", number=1, at=minute(1)), customer=ann)
    before = talks.get(conversation)
    for again in (
        lambda: talks.record("s", turn("HI", number=1)),
        lambda: talks.record("s", turn("hi", number=1, at=minute(2))),
        lambda: talks.record("s", customer=bo),
        lambda: talks.append(conversation, turn("new"), turn("ho", number=1)),
    ):
        with pytest.raises(ConversationConflict):
            again()
    assert talks.get(conversation) == before


def test_an_orphan_is_linked_when_its_session_names_a_customer(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    conversation = talks.record("s", turn("hi"))
    assert talks.get(conversation)["origin_customer_id"] is None
    shown = talks.recorded("s", customer=ann, source="MIGRATION").shown
    assert (shown["origin_customer_id"], shown["link_source"]) == (ann, "MIGRATION")
    assert [event["type"] for event in acme.rows(EVENTS)] == ["conversation_linked"]
    assert_figures_are_a_recount(acme)


def test_of_callers_that_record_one_session_at_once_one_creates_it(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    works = [
        lambda place=place: talks.recorded("s", turn(f"t{place}", number=place), customer=ann) for place in range(1, 9)
    ]
    found = at_once(*works)
    assert failures(found) == []
    assert sorted(one.created for one in found if isinstance(one, Recorded)) == [False] * 7 + [True]
    assert [one["user_input"] for one in talks.get(session="s")["said"]] == [f"t{place}" for place in range(1, 9)]
    assert_figures_are_a_recount(acme)


def test_appends_at_once_lose_nothing(acme: Company, talks: Talks) -> None:
    conversation = talks.record("s", customer=acme.create("Ann"))
    found = at_once(*[lambda place=place: talks.append(conversation, turn(f"t{place}")) for place in range(8)])
    assert failures(found) == []
    said = talks.get(conversation)["said"]
    assert [one["interaction_number"] for one in said] == list(range(1, 9))
    assert {one["user_input"] for one in said} == {f"t{place}" for place in range(8)}
    assert_figures_are_a_recount(acme)


def test_an_interaction_sent_again_is_not_added_again(talks: Talks) -> None:
    conversation = talks.record("s", turn("hi", number=3))
    first = talks.append(conversation, turn("yes", number=4))
    assert talks.append(conversation, turn("yes", number=4)) == first
    assert [one["interaction_number"] for one in talks.append(conversation, turn("next"))["said"]] == [3, 4, 5]


def test_a_link_is_moved_and_taken_away_and_each_of_it_is_on_the_timeline(acme: Company, talks: Talks) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    conversation = talks.record("s", turn("hi", at=minute(1)))
    linked = talks.link(conversation, ann.upper())
    assert (linked["origin_customer_id"], linked["link_source"]) == (ann, "MANUAL")
    assert talks.link(conversation, ann) == linked
    assert (talks.of(ann), talks.of(bo)) == (["s"], [])
    talks.link(conversation, bo, "MERGE")
    assert (talks.of(ann), talks.of(bo)) == ([], ["s"])
    orphan = talks.unlink(conversation)
    assert (orphan["origin_customer_id"], orphan["linked_at"], orphan["link_source"]) == (None, None, "")
    assert talks.unlink(conversation) == orphan
    told = [(event["type"].removeprefix("conversation_"), event["customer_id"]) for event in acme.rows(EVENTS)]
    assert told == [("linked", ann), ("unlinked", ann), ("linked", bo), ("unlinked", bo)]
    assert_figures_are_a_recount(acme)


def test_an_orphan_says_whom_it_was_taken_from_until_it_is_linked_again_in_whatever_way(
    acme: Company, talks: Talks
) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    conversation = talks.record("s")
    assert talks.get(conversation)["unlinked_from"] is None
    again: list[Callable[[], object]] = [
        lambda: talks.link(conversation, bo),
        lambda: acme.write(lambda tx: batch_link_conversations(tx, [WantedLink(conversation, customer_id=bo)])),
        lambda: talks.record("s", customer=bo),
    ]
    for link in again:
        talks.link(conversation, ann)
        assert conversation_message(talks.unlink(conversation)).unlinked_customer_id == ann
        assert talks.append(conversation, turn("hi"))["unlinked_from"] == ann
        link()
        now = talks.get(conversation)
        assert (now["origin_customer_id"], now["unlinked_from"]) == (bo, None)


def test_every_revision_is_fed_with_the_whole_conversation(acme: Company, talks: Talks) -> None:
    conversation = talks.record("s", turn("hi", at=minute(1)), customer_name="Ann")
    talks.append(conversation, turn("you?", at=minute(2)))
    talks.link(conversation, acme.create("Ann"))
    talks.summarize(conversation, "short", "greeting")
    shown = talks.get(conversation)
    talks.unlink(conversation)
    talks.delete(conversation)
    with acme.admin() as connection:
        fed = connection.cursor(row_factory=dict_row).execute(FED).fetchall()
    assert [row["kind"] for row in fed] == ["CONVERSATION_RECORDED", *["CONVERSATION_CHANGED"] * 5]
    assert [row["revision"] for row in fed] == [row["payload"]["revision"] for row in fed] == [1, 2, 3, 4, 5, 6]
    assert fed[3]["payload"] == shown
    gone = fed[-1]["payload"]
    assert (gone["deleted"], gone["said"], gone["summary"], gone["customer_name"]) == (True, [], "", "")


def test_a_deleted_conversation_is_gone_and_its_session_is_free(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    conversation = talks.record("s", turn("hi"), customer=ann)
    talks.delete(conversation)
    for look in (lambda: talks.get(conversation), lambda: talks.get(session="s"), lambda: talks.delete(conversation)):
        with pytest.raises(ConversationNotFound):
            look()
    assert acme.value("SELECT count(*) FROM interactions") == 0
    assert talks.record("s", customer=ann) != conversation
    assert_figures_are_a_recount(acme)


def test_a_change_with_an_old_etag_is_refused(acme: Company, talks: Talks) -> None:
    conversation = talks.record("s", turn("hi"))
    for change in (
        lambda: talks.link(conversation, acme.create("Ann"), etag="x"),
        lambda: talks.unlink(conversation, etag="x"),
        lambda: talks.delete(conversation, etag="x"),
        lambda: talks.summarize(conversation, "s", etag="x"),
    ):
        with pytest.raises(EtagMismatch):
            change()
    assert talks.get(conversation)["revision"] == 1


def test_nothing_is_linked_to_a_deleted_customer_or_to_nobody(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    conversation = talks.record("s", customer=ann)
    acme.delete(ann)
    talks.append(conversation, turn("still here"))
    for customer, failure in ((ann, CustomerDeleted), (NOBODY, CustomerNotFound), ("x", CustomerNotFound)):
        with pytest.raises(failure):
            talks.record("t", customer=customer)
        with pytest.raises(failure):
            talks.link(talks.record("u"), customer)
        with pytest.raises(failure):
            talks.of(customer)


def test_each_wrong_field_is_named(acme: Company, talks: Talks) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        talks.record(
            " ",
            turn(number=-1),
            turn("a\x00b", "x" * 20_001),
            turn("a", number=1_000_001, summary="x" * 2_001),
            source="NONSENSE",
            customer_name="x" * 256,
            customer_phone="1\x00",
        )
    assert [item.field for item in raised.value.fields] == [
        "conversation.session_id",
        "conversation.customer_name",
        "conversation.customer_phone",
        "conversation.interactions[0].interaction_number",
        "conversation.interactions[0]",
        "conversation.interactions[1].user_input",
        "conversation.interactions[1].ai_response",
        "conversation.interactions[2].interaction_number",
        "conversation.interactions[2].interaction_summary",
        "link_source",
        "link_source",
    ]
    looks: tuple[Callable[[], object], ...] = (
        talks.get,
        lambda: talks.get("a", "b"),
        lambda: talks.append("", *()),
        lambda: talks.unlink(""),
    )
    for look in looks:
        with pytest.raises(FieldsInvalid):
            look()


def test_a_conversation_grows_to_its_limits_and_no_further(talks: Talks) -> None:
    many = talks.record("many", *[turn("a", at=minute(1))] * MOST_INTERACTIONS)
    large = talks.record("large", *[turn("x" * 20_000, at=minute(1))] * (MOST_CHARACTERS // 20_000))
    for conversation in (many, large):
        before = talks.get(conversation)
        with pytest.raises(ConversationTooLarge):
            talks.append(conversation, turn("a"))
        assert talks.get(conversation) == before


def test_a_company_knows_nothing_of_the_conversations_of_another(acme: Company, other: Company, talks: Talks) -> None:
    theirs, ann = Talks(other), acme.create("Ann")
    conversation = talks.record("s", turn("hi"), customer=ann)
    for look in (
        lambda: theirs.get(conversation),
        lambda: theirs.get(session="s"),
        lambda: theirs.append(conversation, turn("a")),
        lambda: theirs.link(conversation, other.create("Bo")),
        lambda: theirs.unlink(conversation),
        lambda: theirs.delete(conversation),
        lambda: theirs.summarize(conversation),
    ):
        with pytest.raises(ConversationNotFound):
            look()
    with pytest.raises(CustomerNotFound):
        theirs.record("t", customer=ann)
    assert theirs.of() == []
    assert theirs.record("s", turn("ours")) != conversation
    assert talks.of() == ["s"]
