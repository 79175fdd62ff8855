"""What people decide of a conversation stands, and nobody is asked what they have decided."""

import pytest

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import FOUND_EXISTING, REVIEW, UPDATED
from services.matching.domain.customer_filling import CustomerNow
from services.matching.domain.resolution import Decision
from services.matching.operations.resolve_conversations import WantedLink, resolve_conversations
from services.matching.operations.resolve_review_item import resolve_by_judgement
from services.runtime.database import TenantScope
from tests.integration.matching.people import ANN, BOB, change, customer_id
from tests.integration.matching.talking import GIVEN, Talk


def test_what_a_person_took_away_or_moved_is_not_linked_again(talk: Talk) -> None:
    ann, bob = talk.known_customer(1, **ANN), talk.known_customer(2, **BOB)
    told = talk.desk.record(1, **GIVEN)
    assert talk.sync(told).resolution.customer_id == ann
    talk.feed(talk.desk.by_hand(told, ""))
    assert talk.waiting() == []
    assert (talk.sync(told).resolution.outcome, talk.linked_to(told)) == (REVIEW, "")
    talk.desk.by_hand(told, bob)
    assert (talk.sync(told).resolution.outcome, talk.linked_to(told)) == (REVIEW, bob)
    talk.desk.by_hand(told, ann)
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert talk.sync(told).resolution.outcome == REVIEW, "that a person put it back where it was is a person's link"
    assert talk.linked_to(told) == ann


def test_what_was_linked_and_not_noted_and_a_person_took_away_is_not_linked_again(talk: Talk) -> None:
    ann = talk.known_customer(1, **ANN)
    told, new = talk.desk.record(1, **GIVEN), talk.desk.record(2, **BOB)
    scope = TenantScope(talk.company.company_id)
    talk.desk.link_all(scope.company_id, [WantedLink(told, ann), WantedLink(new)])
    taken = [talk.desk.by_hand(one, "") for one in (told, new)]
    assert resolve_conversations(talk.resolving, talk.desk, scope, taken) == [None, None]
    assert {talk.sync(one).resolution.outcome for one in taken} == {REVIEW}
    assert [talk.linked_to(one) for one in taken] == ["", ""]
    assert len(talk.desk.customers) == 2
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert talk.sync(told).resolution.outcome in (UPDATED, FOUND_EXISTING), (
        "it is with somebody else by what it says now"
    )


def test_a_link_that_was_there_from_the_start_is_noted_and_a_new_email_asks(talk: Talk) -> None:
    ann, bob = talk.known_customer(1, **ANN), talk.known_customer(2, **BOB)
    told = talk.desk.by_hand(talk.desk.record(1, name="Ann"), ann)
    talk.feed(told)
    assert (talk.outcome(told), talk.waiting()) == ("SKIPPED", [])
    talk.feed(talk.desk.record(1, email=BOB["email"]))
    talk.work()
    found = talk.known(told).resolution
    assert found is not None
    assert (found.outcome, found.customer_id, found.candidates) == (REVIEW, ann, (bob,))
    assert talk.linked_to(told) == ann


def test_a_new_email_right_after_the_start_is_noticed_too(talk: Talk) -> None:
    ann, _ = talk.known_customer(1, **ANN), talk.known_customer(2, **BOB)
    talk.desk.record(1, name="Ann")
    first = talk.desk.by_hand(talk.desk.conversations[customer_id(9001)], ann)
    second = talk.desk.record(1, email=BOB["email"])
    talk.feed(second, first)
    talk.work()
    assert (talk.outcome(second), talk.linked_to(second)) == (REVIEW, ann)


@pytest.mark.parametrize("automatic", [True, False])
def test_nobody_is_asked_any_more_once_a_person_has_linked_the_conversation(talk: Talk, automatic: bool) -> None:
    items = "SELECT count(*) FROM review_items WHERE state = 'OPEN'"
    ann, _ = talk.known_customer(1, **ANN), talk.known_customer(2, **ANN)
    told = talk.desk.record(1, **GIVEN)
    assert (talk.sync(told).resolution.outcome, talk.company.value(items)) == (REVIEW, 1)
    talk.set_policy(automatic=automatic)
    talk.feed(talk.desk.record(1))
    assert talk.company.value(items) == 1, "that it goes on decides nothing"
    talk.feed(talk.desk.by_hand(told, ann))
    assert talk.company.value(items) == 0


def test_another_name_under_a_customer_that_was_made_of_it_is_a_review(talk: Talk) -> None:
    told = talk.desk.record(1, name="Ann Lee")
    created = talk.sync(told).resolution.customer_id
    talk.desk.record(1, name="Bob Stone")
    assert talk.sync(told).resolution.outcome == REVIEW
    talk.desk.record(1, name="Ann Lee-Smith", phone=ANN["phone"])
    assert talk.sync(told).resolution.outcome == UPDATED
    assert (talk.linked_to(told), talk.desk.customers[created].name) == (created, "Ann Lee")


def decide(talk: Talk, conversation: Conversation, resolution: str, *named: str) -> None:
    """A person decides the item of a conversation, and the worker does what follows."""
    item = talk.item(conversation)
    decision = Decision(item.item_id, resolution, customer_ids=named)
    with talk.company.database.transaction(talk.company.scope) as tx:
        resolve_by_judgement(tx, decision)
    talk.work()


def fitting_two(talk: Talk) -> tuple[Conversation, str, str]:
    one, other = talk.known_customer(1, **ANN), talk.known_customer(2, **ANN)
    told = talk.desk.record(1, **GIVEN)
    assert (talk.sync(told).resolution.outcome, talk.linked_to(told)) == (REVIEW, "")
    return told, one, other


@pytest.mark.parametrize("automatic", [True, False])
def test_a_conversation_is_linked_to_who_a_person_says_it_is_with(talk: Talk, automatic: bool) -> None:
    told, _, other = fitting_two(talk)
    talk.set_policy(automatic=automatic)
    decide(talk, told, "SAME", other)
    found = talk.known(told).resolution
    assert found is not None
    assert (found.outcome, found.matched_by, found.customer_id) == (FOUND_EXISTING, "DECISION", other)
    assert (talk.linked_to(told), talk.waiting(), talk.open_items()) == (other, [], 0)
    assert talk.sync(told).resolution.matched_by == "DECISION", "and stays with it"
    assert (talk.linked_to(told), talk.open_items()) == (other, 0)


def test_said_to_be_one_person_it_is_linked_to_one_of_them(talk: Talk) -> None:
    told, one, other = fitting_two(talk)
    decide(talk, told, "SAME")
    assert talk.linked_to(told) in (one, other)


def test_a_phone_of_a_family_is_decided_either_way(talk: Talk) -> None:
    ann = talk.known_customer(1, **ANN)
    yes, no = (talk.desk.record(number, name="Zed Quill", phone=ANN["phone"]) for number in (1, 2))
    for told in (yes, no):
        assert talk.sync(told).resolution.outcome == REVIEW
    decide(talk, yes, "SAME")
    decide(talk, no, "DIFFERENT")
    assert (talk.linked_to(yes), talk.linked_to(no)) == (ann, "")
    again = talk.sync(no).resolution
    assert (again.outcome, again.review_item_id, talk.linked_to(no), talk.open_items()) == ("SKIPPED", "", "", 0)
    assert list(talk.desk.customers) == [ann]


def test_a_conversation_that_is_with_none_of_them_does_not_come_again_but_finds_somebody_else(talk: Talk) -> None:
    told, *_ = fitting_two(talk)
    bob = talk.known_customer(3, **BOB)
    decide(talk, told, "DIFFERENT")
    assert (talk.sync(told).resolution.outcome, talk.linked_to(told), talk.open_items()) == ("SKIPPED", "", 0)
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert (talk.sync(told).resolution.outcome, talk.linked_to(told)) == (FOUND_EXISTING, bob)


def test_nobody_is_created_with_the_phone_of_who_it_is_not_with(talk: Talk) -> None:
    told, *_ = fitting_two(talk)
    decide(talk, told, "DIFFERENT")
    later = talk.desk.add(3, name="Cy", email="cy@x.io")  # the mirror has yet to learn of it
    talk.desk.record(1, name="Cy", email="cy@x.io")
    assert talk.sync(told).resolution.customer_id == later, "who has the e-mail meanwhile is somebody else"


def test_a_link_against_what_was_given_moves_or_stays_as_decided(talk: Talk) -> None:
    ann, bob = talk.known_customer(1, **ANN), talk.known_customer(2, **BOB)
    moves, stays = (talk.desk.by_hand(talk.desk.record(number, name="Ann"), ann) for number in (1, 2))
    talk.feed(moves, stays)
    talk.feed(*[talk.desk.record(number, email=BOB["email"]) for number in (1, 2)])
    talk.work()
    assert talk.open_items() == 2
    decide(talk, moves, "SAME", bob)
    decide(talk, stays, "DIFFERENT")
    assert (talk.linked_to(moves), talk.linked_to(stays)) == (bob, ann)
    assert (talk.sync(stays).resolution.outcome, talk.open_items()) == (FOUND_EXISTING, 0)
    assert {point.value for point in talk.desk.customers[ann].contact_points} == set(ANN.values()) - {ANN["name"]}


def test_what_a_person_does_after_the_decision_counts_more(talk: Talk) -> None:
    told, one, other = fitting_two(talk)
    decide(talk, told, "SAME", other)
    talk.desk.by_hand(told, one)
    assert (talk.sync(told).resolution.customer_id, talk.linked_to(told)) == (one, one)
    talk.desk.by_hand(told, other)
    talk.sync(told)
    talk.desk.by_hand(told, "")
    talk.sync(told)
    assert talk.linked_to(told) == ""


def test_another_email_after_the_decision_is_asked_about(talk: Talk) -> None:
    told, _, other = fitting_two(talk)
    talk.known_customer(3, **BOB)
    decide(talk, told, "SAME", other)
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert (talk.sync(told).resolution.outcome, talk.linked_to(told), talk.open_items()) == (REVIEW, other, 1)


def test_a_decision_that_comes_while_it_is_resolved_is_not_lost(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    told, _, other = fitting_two(talk)
    talk.known_customer(4, name="Dee", email="dee@x.io")
    talk.desk.record(1, name="Dee", email="dee@x.io")
    customer = talk.desk.customer

    def looking(customer_id: str) -> CustomerNow:
        monkeypatch.setattr(talk.desk, "customer", customer)
        decide_only(talk, told, other)
        return customer(customer_id)

    monkeypatch.setattr(talk.desk, "customer", looking)
    talk.sync(told)
    found = talk.known(told).resolution
    assert found is not None
    assert found.decided_id == other


@pytest.mark.parametrize("decides", [True, False])
def test_a_chat_that_goes_on_before_the_worker_comes_takes_nothing_from_what_was_to_be_done(
    talk: Talk, decides: bool
) -> None:
    told, one, other = fitting_two(talk)
    if decides:
        decide_only(talk, told, other)
    else:
        talk.company.follow(change(1, 2, state="MERGED", merged_into=2, **ANN), change(2, 2, members=[1], **ANN))
        del talk.desk.customers[one]
    talk.feed(talk.desk.record(1))  # another turn, and nothing else is given
    talk.work()
    assert (talk.linked_to(told), talk.waiting(), talk.open_items()) == (other, [], 0)


def decide_only(talk: Talk, conversation: Conversation, customer_id: str) -> None:
    decision = Decision(talk.item(conversation).item_id, "SAME", customer_ids=(customer_id,))
    with talk.company.database.transaction(talk.company.scope) as tx:
        resolve_by_judgement(tx, decision)
