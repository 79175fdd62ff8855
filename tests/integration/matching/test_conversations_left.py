"""Conversations follow customers that are merged or deleted, and are forgotten when they are deleted themselves."""

from dataclasses import replace

import pytest

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import CREATED, FOUND_EXISTING, REVIEW
from services.matching.domain.customers_answers import Gone, Refused
from services.matching.domain.resolution import Decision
from services.matching.domain.review_item import ItemsAsked
from services.matching.operations.conversation_backlog import resolve_task
from services.matching.operations.get_conversation_resolution import (
    count_conversations,
)
from services.matching.operations.list_review_items import list_review_items
from services.matching.operations.resolve_review_item import resolve_by_judgement
from services.matching.store import conversation_tasks
from tests.integration.matching.people import ANN, BOB, change, customer_id
from tests.integration.matching.talking import GIVEN, Talk

Patch = pytest.MonkeyPatch


def test_a_deleted_conversation_is_forgotten(talk: Talk) -> None:
    talk.set_policy(name_only="CREATE_AND_REVIEW")
    told, waits = talk.desk.record(1, name="Ann Lee"), talk.desk.record(2, **GIVEN)
    talk.feed(told)
    talk.work()
    talk.feed(waits)
    count = "SELECT count(*) FROM review_items WHERE state = 'OPEN'"
    assert talk.company.value(count) == 1
    gone = [Conversation(one.conversation_id, revision=9, epoch="e1", deleted=True) for one in (told, waits)]
    talk.feed(*gone)
    assert talk.waiting() == []
    assert talk.company.value("SELECT count(*) FROM conversation_resolutions") == 0
    assert talk.company.value(count) == 0


def test_a_name_alone_that_a_person_decides_is_in_front_of_people_also_where_nobody_has_the_name(talk: Talk) -> None:
    talk.set_policy(name_only="REVIEW")
    told = talk.desk.record(1, name="Nobody Known")
    resolved = talk.sync(told).resolution
    assert (resolved.outcome, resolved.review_item_id) == (REVIEW, talk.item(told).item_id)
    assert (talk.item(told).cause, talk.item(told).customers, talk.open_items()) == ("NAME_ALONE", (), 1)
    item = talk.item(told)
    with talk.company.database.transaction(talk.company.scope) as tx:
        resolve_by_judgement(tx, Decision(item.item_id, "UNSURE"))
    assert talk.open_items() == 0


def test_a_customer_that_was_deleted_meanwhile_is_not_linked(talk: Talk) -> None:
    talk.company.follow(change(1, 1, **ANN))  # the mirror has yet to learn of it
    told = talk.desk.record(1, **GIVEN)
    assert talk.sync(told).resolution.outcome == CREATED
    assert talk.linked_to(told) not in ("", customer_id(1))


def test_a_conversation_of_a_deleted_customer_is_a_review(talk: Talk) -> None:
    ann = talk.known_customer(1, **ANN)
    told = talk.desk.record(1, **GIVEN)
    assert talk.sync(told).resolution.customer_id == ann
    talk.company.follow(change(1, 2, state="DELETED", **ANN))
    del talk.desk.customers[ann]
    assert talk.sync(told).resolution.outcome == REVIEW
    assert (talk.linked_to(told), talk.desk.customers) == (ann, {})


def test_the_customer_of_a_merged_one_is_its_root(talk: Talk) -> None:
    talk.company.follow(change(1, 1, **ANN), change(2, 1, **BOB))
    told = talk.desk.record(1, **GIVEN)
    talk.desk.add(1, **ANN)
    assert talk.sync(told).resolution.customer_id == customer_id(1)
    talk.company.follow(change(1, 2, state="MERGED", merged_into=2, **ANN), change(2, 2, members=[1], **ANN))
    del talk.desk.customers[customer_id(1)]
    talk.desk.add(2, **ANN)
    again = talk.sync(told).resolution
    assert (again.outcome, again.customer_id, again.moved_from) == (FOUND_EXISTING, customer_id(2), "")
    assert talk.linked_to(told) == customer_id(1), "the link stays where it was made"


def test_nobody_is_asked_about_a_conversation_that_is_deleted_while_it_is_resolved(talk: Talk) -> None:
    for number in (1, 2):
        talk.known_customer(number, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    (task,) = talk.waiting()
    talk.feed(replace(told, revision=2, deleted=True))
    del talk.desk.conversations[told.conversation_id]
    resolve_task(talk.resolving, talk.desk, task)
    with talk.company.database.transaction(talk.company.scope, read_only=True) as tx:
        assert list_review_items(tx, ItemsAsked(), 10, "").items == []
        assert count_conversations(tx)[0] == {}


@pytest.mark.parametrize("by_deletion", [False, True])
def test_a_conversation_that_fitted_two_finds_the_one_that_is_left(
    talk: Talk, monkeypatch: Patch, by_deletion: bool
) -> None:
    monkeypatch.setattr(conversation_tasks, "WHOLE_MERGE_S", 0.0)
    ann = talk.known_customer(1, **ANN)
    twin = talk.known_customer(2, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.work()
    assert (talk.outcome(told), talk.linked_to(told)) == (REVIEW, "")
    del talk.desk.customers[twin]
    if by_deletion:
        talk.company.follow(change(2, 2, state="DELETED"))
    else:
        talk.company.follow(change(2, 2, state="MERGED", merged_into=1), change(1, 2, members=(2,), **ANN))
    talk.work()
    assert (talk.outcome(told), talk.linked_to(told), talk.waiting()) == (FOUND_EXISTING, ann, [])


@pytest.mark.parametrize("is_behind", [False, True])
def test_a_conversation_whose_customers_are_all_deleted_creates_nobody_again(
    talk: Talk, monkeypatch: Patch, is_behind: bool
) -> None:
    monkeypatch.setattr(conversation_tasks, "WHOLE_MERGE_S", 0.0)
    for number in (1, 2):
        talk.known_customer(number, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.work()
    talk.company.follow(change(1, 2, state="DELETED"))
    talk.desk.customers.clear()
    if is_behind:
        talk.work()
    talk.company.follow(change(2, 2, state="DELETED"))
    talk.work()
    assert (talk.outcome(told), talk.desk.customers) == (REVIEW, {})


def test_a_conversation_that_is_deleted_before_it_is_linked_leaves_nothing_behind(talk: Talk) -> None:
    talk.known_customer(1, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    (task,) = talk.waiting()
    talk.feed(replace(told, revision=2, deleted=True))
    del talk.desk.conversations[told.conversation_id]
    talk.desk.fail["link"] = [Refused("CONVERSATION_NOT_FOUND", "There is no conversation with this id.")]
    resolve_task(talk.resolving, talk.desk, task)
    assert talk.waiting() == []
    assert talk.company.value("SELECT count(*) FROM conversation_resolutions") == 0


def test_one_that_waits_again_and_is_deleted_meanwhile_waits_no_longer(talk: Talk, monkeypatch: Patch) -> None:
    monkeypatch.setattr(conversation_tasks, "WHOLE_MERGE_S", 0.0)
    for number in (1, 2):
        talk.known_customer(number, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.sync(told)
    talk.company.follow(change(2, 2, state="DELETED"))
    del talk.desk.conversations[told.conversation_id]
    talk.work()
    assert (talk.waiting(), talk.open_items()) == ([], 0)


def test_a_customer_that_is_erased_while_it_is_filled_is_nobody_and_another_one_is_made(talk: Talk) -> None:
    erased = talk.known_customer(1, name="Ann Lee", email=ANN["email"])
    told = talk.desk.record(1, **GIVEN, phone=ANN["phone"])
    del talk.desk.customers[erased].contact_points[:]  # customers has erased it, the mirror has yet to learn of it
    talk.desk.fail["fill"] = [Gone(erased), Gone(erased)]
    talk.feed(told)
    talk.work()
    assert (talk.outcome(told), talk.linked_to(told) not in ("", erased), talk.waiting()) == (CREATED, True, [])
