"""Whatever breaks off or changes while a conversation is resolved, it is resolved once in effect."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_resolution import CREATED, FOUND_EXISTING, REVIEW, UPDATED
from services.matching.domain.customer_filling import CustomerNow
from services.matching.domain.customers_answers import Full, Linked, Refused
from services.matching.operations.conversation_backlog import resolve_task
from services.matching.operations.resolve_conversation import resolve_conversation
from services.runtime.database import TenantScope
from services.runtime.failures import ConflictRetry
from tests.integration.matching.people import ANN, BOB
from tests.integration.matching.talking import GIVEN, Talk

AWAY = RuntimeError("away")
Patch = pytest.MonkeyPatch


@pytest.mark.parametrize("method", ["create", "link", "customer", "fill"])
def test_whatever_breaks_off_doing_it_again_has_one_effect(talk: Talk, method: str) -> None:
    ann = talk.known_customer(1, name="Ann Lee", email=ANN["email"])
    told, new = (
        talk.desk.record(1, **GIVEN, phone=ANN["phone"]),
        talk.desk.record(2, name="Bo", email="b@x.io"),
    )
    talk.feed(told, new)
    talk.desk.fail[method] = [AWAY]
    for task in talk.waiting():
        try:
            resolve_task(talk.resolving, talk.desk, task)
        except RuntimeError:
            assert not talk.known(task.conversation).resolution or not talk.linked_to(task.conversation)
    talk.work()
    assert talk.waiting() == []
    assert len(talk.desk.customers) == 2
    assert (talk.linked_to(told), talk.outcome(new)) == (ann, CREATED)
    assert talk.outcome(told) in (UPDATED, FOUND_EXISTING)
    assert [point.kind for point in talk.desk.customers[ann].contact_points] == [1, 2]


def test_who_was_created_by_a_name_alone_is_not_created_again_when_that_could_not_be_noted(talk: Talk) -> None:
    talk.desk.link_new(talk.desk.record(1, name="Ann"))  # by a process that ended then
    told = talk.desk.record(1, name="Ann Lee")
    found = talk.sync(told).resolution
    (created,) = talk.desk.customers
    assert (found.outcome, found.customer_id, talk.linked_to(told)) == (FOUND_EXISTING, created, created)


def test_two_who_resolve_one_conversation_that_goes_on_make_one_customer(talk: Talk, monkeypatch: Patch) -> None:
    both, link_new, calls = threading.Barrier(2), talk.desk.link_new, itertools.count()

    def meeting(conversation: Conversation) -> tuple[Linked, str]:
        if next(calls) < 2:
            both.wait(60)
        return link_new(conversation)

    monkeypatch.setattr(talk.desk, "link_new", meeting)
    told = talk.desk.record(1, name="Ann Lee")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(talk.sync, told)
        second = talk.sync(talk.desk.record(1, name="Ann Lee", email=ANN["email"]))
        answers = [first.result(60).resolution, second.resolution]
    [only] = talk.desk.customers
    assert [one.customer_id for one in answers] == [only, only]
    assert [point.value for point in talk.desk.customers[only].contact_points] == [ANN["email"]]


def test_a_conversation_that_changes_meanwhile_is_looked_at_anew(talk: Talk) -> None:
    bob = talk.known_customer(1, **BOB)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    talk.work()
    assert talk.linked_to(told) == bob


def test_whoever_comes_late_sees_what_another_one_has_done(talk: Talk) -> None:
    ann = talk.known_customer(1, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.sync(told)
    late = resolve_conversation(talk.resolving, talk.desk, TenantScope(talk.company.company_id), told).resolution
    assert (late.outcome, late.customer_id, late.review_item_id) == (FOUND_EXISTING, ann, "")


def test_of_a_conversation_that_looks_older_than_it_was_what_it_says_now_counts(talk: Talk) -> None:
    """Customers was restored from a copy."""
    ann = talk.known_customer(1, **ANN)
    told = talk.desk.record(1, **GIVEN)
    talk.sync(told)
    talk.desk.conversations[told.conversation_id] = told
    found = talk.sync(told).resolution
    assert (found.outcome, found.candidates) == (REVIEW, (ann,))


def test_a_link_that_is_made_here_is_known_as_such_when_two_are_at_it(talk: Talk, monkeypatch: Patch) -> None:
    ann, bob = talk.known_customer(1, **ANN), talk.known_customer(2, **BOB)
    told = talk.desk.record(1, **GIVEN)
    linked, go_on, link, customer = threading.Event(), threading.Event(), talk.desk.link, talk.desk.customer

    def linking(*args: Any) -> tuple[Conversation, str]:
        answer = link(*args)
        linked.set()
        assert go_on.wait(60)
        return answer

    def looking(customer_id: str) -> CustomerNow:
        go_on.set()
        first.result(60)
        return customer(customer_id)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(talk.desk, "link", linking)
        first = pool.submit(talk.sync, told)
        assert linked.wait(60)
        monkeypatch.setattr(talk.desk, "customer", looking)
        assert talk.sync(told).resolution.customer_id == ann
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert (talk.sync(told).resolution.moved_from, talk.linked_to(told)) == (ann, bob)


def test_one_that_changes_all_the_time_is_left_for_later(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.desk.record(1)
    scope = TenantScope(talk.company.company_id)
    talk.desk.conversation = lambda conversation_id: told  # type: ignore[method-assign]
    with pytest.raises(ConflictRetry):
        resolve_conversation(talk.resolving, talk.desk, scope, told)


def test_what_customers_refuses_is_an_error_with_its_reason(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.desk.fail["create"] = [Refused("FIELDS_INVALID", "Correct these fields: customer.phone: is required")]
    talk.work()
    found = talk.known(told).resolution
    assert found is not None
    assert (found.outcome, found.error_reason, talk.waiting()) == ("ERROR", "FIELDS_INVALID", [])


def test_a_customer_that_is_full_is_linked_with_as_much_as_there_is_room_for(talk: Talk) -> None:
    ann, told = talk.known_customer(1, **GIVEN), talk.desk.record(1, **GIVEN, phone=ANN["phone"], address="12 Oak St")
    talk.desk.fail["fill"] = [Full("FIELDS_INVALID", "51 of its own")]
    done = talk.sync(told).resolution
    assert (done.outcome, done.filled, talk.linked_to(told)) == (UPDATED, ("phone",), ann)
    later = talk.desk.record(2, **GIVEN, address="12 Oak St")
    talk.desk.fail["fill"] = [Full("FIELDS_INVALID", "51 of its own")]
    done = talk.sync(later).resolution
    assert (done.outcome, done.filled, talk.linked_to(later)) == (FOUND_EXISTING, (), ann)


def test_a_phone_that_another_customer_has_meanwhile_is_a_review(talk: Talk) -> None:
    ann = talk.known_customer(1, name="Ann Lee", email=ANN["email"])
    other = talk.desk.add(2, name="Cy", phone=ANN["phone"])  # the mirror has yet to learn of it
    told = talk.desk.record(1, **GIVEN, phone=ANN["phone"])
    found = talk.sync(told).resolution
    assert (found.outcome, set(found.candidates), talk.linked_to(told)) == (REVIEW, {ann, other}, "")


def test_a_dry_run_says_the_same_and_writes_nothing(talk: Talk) -> None:
    ann = talk.known_customer(1, name="Ann Lee", email=ANN["email"])
    told, new = talk.desk.record(1, **GIVEN, phone=ANN["phone"]), talk.desk.record(2, name="Bo", email="b@x.io")
    tried = [talk.sync(one, dry_run=True).resolution for one in (told, new)]
    assert [(one.outcome, one.customer_id, one.filled) for one in tried] == [
        (UPDATED, ann, ("phone",)),
        (CREATED, "", ()),
    ]
    assert not {"create", "fill", "link"} & set(talk.desk.calls)
    assert talk.company.value("SELECT count(*) FROM conversation_resolutions") == 0
    assert talk.sync(told).resolution.filled == ("phone",)


def test_a_name_alone_is_created_and_asked_about(talk: Talk) -> None:
    namesake = talk.known_customer(1, name="Ann Lee", email=ANN["email"])
    found = talk.sync(talk.desk.record(1, name="Ann Lee")).resolution
    assert (found.outcome, found.matched_by, found.candidates) == (CREATED, "NAME_ONLY", (namesake,))
    assert (found.confidence <= 69, bool(found.review_item_id)) == (True, True)
