"""Conversations of the feed wait, are resolved once in effect whatever fails, and what people decide stands."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patronage.customers.v1 import change_feed_pb2 as feed
from patronage.customers.v1 import conversation_pb2
from services.matching.domain.conversation import Conversation, Waiting
from services.matching.domain.conversation_resolution import CREATED, FOUND_EXISTING, REVIEW, UPDATED
from services.matching.domain.customer_filling import CustomerNow
from services.matching.domain.customers_answers import Refused
from services.matching.domain.review_item import ItemsAsked
from services.matching.follower.customers_feed import FOLLOWER
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.conversation_backlog import MOST_ATTEMPTS, due, resolve_task, try_later
from services.matching.operations.conversation_policy import set_conversation_policy
from services.matching.operations.get_conversation_resolution import (
    Known,
    count_conversations,
    get_conversation_resolution,
)
from services.matching.operations.list_review_items import list_review_items
from services.matching.operations.resolution_case import Resolved
from services.matching.operations.resolve_conversation import Resolving, resolve_conversation
from services.matching.store import conversation_tasks
from services.runtime.database import TenantScope
from services.runtime.failures import ConflictRetry
from tests.integration.matching.desk import Desk
from tests.integration.matching.people import ANN, BOB, Company, change, customer_id

GIVEN = {"name": ANN["name"], "email": ANN["email"]}
AWAY = RuntimeError("away")
Patch = pytest.MonkeyPatch


class Talk:
    """A company's conversations, from the feed to what became of them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.desk = Desk()
        database = company.database
        self.resolving = Resolving(database, company.search, CompanyRegions(database), company.key_cap, FOLLOWER)

    def known_customer(self, number: int, **fields: str) -> str:
        """A customer that the mirror knows too."""
        self.company.follow(change(number, 1, **fields))
        return self.desk.add(number, **fields)

    def feed(self, *conversations: Conversation, kind: int = feed.CHANGE_KIND_CONVERSATION_CHANGED) -> None:
        """What the feed says of conversations."""
        self.company.follow(*[_change(one, kind) for one in conversations])

    def waiting(self) -> list[Waiting]:
        return due(self.company.upkeep, 100)

    def work(self) -> None:
        """Resolve what waits, as the worker does."""
        for task in self.waiting():
            resolve_task(self.resolving, self.desk, task)

    def sync(self, conversation: Conversation, *, dry_run: bool = False) -> Resolved:
        scope = TenantScope(self.company.company_id, actor="ann")
        now = self.desk.conversations[conversation.conversation_id]
        return resolve_conversation(self.resolving, self.desk, scope, now, dry_run=dry_run)

    def known(self, conversation: Conversation) -> Known:
        with self.company.database.transaction(self.company.scope, read_only=True) as tx:
            return get_conversation_resolution(tx, conversation.conversation_id)

    def outcome(self, conversation: Conversation) -> str:
        found = self.known(conversation).resolution
        return found.outcome if found else ""

    def linked_to(self, conversation: Conversation) -> str:
        return self.desk.conversations[conversation.conversation_id].origin_id

    def set_policy(self, automatic: bool | None = None, name_only: str = "") -> None:
        with self.company.database.transaction(self.company.scope) as tx:
            set_conversation_policy(tx, automatic, name_only, "")


def _change(one: Conversation, kind: int) -> feed.Change:
    message = conversation_pb2.Conversation(
        conversation_id=one.conversation_id,
        session_id=one.session_id,
        revision=one.revision,
        etag=one.etag,
        origin_customer_id=one.origin_id,
        customer_name=one.name,
        customer_email=one.email,
        customer_phone=one.phone,
        customer_address=one.address,
        deleted=one.deleted,
    )
    if one.link_time:
        message.link_time.GetCurrentTime()
    return feed.Change(revision=one.revision, kind=kind, conversation=message)  # type: ignore[arg-type]


@pytest.fixture
def talk(company: Company) -> Talk:
    return Talk(company)


def test_a_recorded_conversation_waits_and_is_resolved_once(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told, kind=feed.CHANGE_KIND_CONVERSATION_RECORDED)
    assert talk.known(told).pending
    talk.work()
    (created,) = talk.desk.customers
    assert (talk.outcome(told), talk.linked_to(told)) == (CREATED, created)
    assert not talk.known(told).pending
    talk.feed(talk.desk.conversations[told.conversation_id])
    assert talk.waiting() == [], "that it was linked says nothing new"


@pytest.mark.parametrize(("age", "waits"), [(timedelta(hours=23), 1), (timedelta(hours=25), 0)])
def test_what_was_there_when_following_began_waits_if_it_is_new(talk: Talk, age: timedelta, waits: int) -> None:
    there = _change(talk.desk.record(1, **GIVEN), feed.CHANGE_KIND_SNAPSHOT)
    there.conversation.update_time.FromDatetime(datetime.now(UTC) - age)
    talk.company.follow(there)
    assert len(talk.waiting()) == waits


def test_a_conversation_that_says_nothing_waits_once_it_does(talk: Talk) -> None:
    talk.feed(talk.desk.record(1))
    assert talk.waiting() == []
    talk.feed(talk.desk.record(1, **GIVEN))
    assert len(talk.waiting()) == 1


def test_an_older_change_that_comes_late_replaces_nothing(talk: Talk) -> None:
    old, new = talk.desk.record(1, name="A"), talk.desk.record(1, **GIVEN)
    talk.feed(new)
    talk.feed(old)
    assert [task.conversation.name for task in talk.waiting()] == [ANN["name"]]
    talk.work()
    talk.feed(old)
    assert talk.waiting() == []


def test_nothing_waits_where_the_company_does_not_want_it(talk: Talk) -> None:
    talk.set_policy(automatic=False)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    assert talk.waiting() == []
    assert talk.sync(told).resolution.outcome == CREATED, "a call does it all the same"


def test_what_waits_is_left_alone_once_the_company_does_not_want_it_any_more(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.set_policy(automatic=False)
    talk.work()
    assert (talk.waiting(), talk.desk.customers, talk.linked_to(told)) == ([], {}, "")


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


def test_more_than_may_wait_are_counted_and_those_that_wait_are_still_renewed(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_tasks, "MOST_WAITING", 2)
    talk.feed(*[talk.desk.record(number, **GIVEN) for number in (1, 2, 3)])
    talk.feed(talk.desk.record(4, **GIVEN), talk.desk.record(1, **GIVEN))
    with talk.company.database.transaction(talk.company.scope, read_only=True) as tx:
        backlog = count_conversations(tx)[1]
    assert (backlog.pending, backlog.parked, backlog.refused) == (2, 0, 2)
    assert sorted(task.conversation.revision for task in talk.waiting()) == [1, 2]


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


def test_who_was_created_by_a_name_alone_is_not_created_again_when_the_link_fails(talk: Talk) -> None:
    talk.feed(talk.desk.record(1, name="Ann"))
    talk.desk.fail["link"] = [AWAY]
    (task,) = talk.waiting()
    with pytest.raises(RuntimeError):
        resolve_task(talk.resolving, talk.desk, task)
    told = talk.desk.record(1, name="Ann Lee")  # another name, so another request
    talk.feed(told)
    talk.work()
    (created,) = talk.desk.customers
    assert (talk.linked_to(told), talk.outcome(told)) == (created, CREATED)


def test_a_conversation_that_always_fails_is_put_aside_and_a_call_tries_again(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    (task,) = talk.waiting()
    for attempt in range(MOST_ATTEMPTS):
        tried = Waiting(task.company_id, task.conversation, attempt)
        assert try_later(talk.company.database, tried, AWAY) == (attempt == MOST_ATTEMPTS - 1)
    known = talk.known(told)
    assert (known.parked, known.pending, known.parked_because) == (True, False, "RuntimeError: away")
    assert talk.sync(told).resolution.outcome == CREATED
    assert not talk.known(told).parked


def test_a_change_of_a_conversation_that_was_put_aside_lets_it_wait_anew(talk: Talk) -> None:
    talk.feed(talk.desk.record(1, name="Ann"))
    (task,) = talk.waiting()
    try_later(talk.company.database, Waiting(task.company_id, task.conversation, MOST_ATTEMPTS), AWAY)
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    assert talk.known(told).pending


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
        assert go_on.wait(10)
        return answer

    def looking(customer_id: str) -> CustomerNow:
        go_on.set()
        first.result(10)
        return customer(customer_id)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(talk.desk, "link", linking)
        first = pool.submit(talk.sync, told)
        assert linked.wait(10)
        monkeypatch.setattr(talk.desk, "customer", looking)
        assert talk.sync(told).resolution.customer_id == ann
    talk.desk.record(1, name=BOB["name"], email=BOB["email"])
    assert (talk.sync(told).resolution.moved_from, talk.linked_to(told)) == (ann, bob)


def test_one_that_changes_all_the_time_is_left_for_later(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.desk.record(1)
    scope = TenantScope(talk.company.company_id)
    talk.desk.conversation = lambda conversation_id: told  # type: ignore[method-assign, assignment]
    with pytest.raises(ConflictRetry):
        resolve_conversation(talk.resolving, talk.desk, scope, told)


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


def test_what_customers_refuses_is_an_error_with_its_reason(talk: Talk) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.desk.fail["create"] = [Refused("FIELDS_INVALID", "Correct these fields: customer.phone: is required")]
    talk.work()
    found = talk.known(told).resolution
    assert found is not None
    assert (found.outcome, found.error_reason, talk.waiting()) == ("ERROR", "FIELDS_INVALID", [])


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


def test_a_name_alone_is_created_and_asked_about(talk: Talk) -> None:
    namesake = talk.known_customer(1, name="Ann Lee", email=ANN["email"])
    found = talk.sync(talk.desk.record(1, name="Ann Lee")).resolution
    assert (found.outcome, found.matched_by, found.candidates) == (CREATED, "NAME_ONLY", (namesake,))
    assert (found.confidence <= 69, bool(found.review_item_id)) == (True, True)


def test_nothing_that_was_given_is_kept_once_it_is_resolved(talk: Talk) -> None:
    talk.feed(talk.desk.record(1, **GIVEN, phone=ANN["phone"], address="12 Oak Street"))
    talk.work()
    assert talk.company.value("SELECT count(*) FROM conversation_tasks") == 0
    kept = talk.company.value("SELECT string_agg(r::text, ' ') FROM conversation_resolutions r")
    assert not any(value in kept for value in (ANN["email"], ANN["name"], ANN["phone"], "Oak"))


def test_another_company_sees_nothing_of_it(talk: Talk, other_company: Company) -> None:
    told = talk.desk.record(1, **GIVEN)
    talk.feed(told)
    talk.sync(told)
    for table in ("conversation_tasks", "conversation_resolutions", "conversation_policies", "conversation_backlogs"):
        assert other_company.value(f"SELECT count(*) FROM {table}") == 0
