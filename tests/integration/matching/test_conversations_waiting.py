"""Conversations of the feed wait while they say something new and the company wants it, and are resolved once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from patronage.customers.v1 import change_feed_pb2 as feed
from services.matching.domain.conversation import Waiting
from services.matching.domain.conversation_resolution import CREATED
from services.matching.follower import conversation_worker
from services.matching.follower.conversation_worker import ConversationWorker
from services.matching.operations.conversation_backlog import MOST_ATTEMPTS, parts_of, resolve_together, try_later
from services.matching.operations.get_conversation_resolution import (
    count_conversations,
)
from services.matching.store import conversation_tasks
from services.runtime.failures import DatabaseUnavailable
from tests.integration.matching.people import ANN, Company
from tests.integration.matching.talking import GIVEN, Talk, conversation_change

AWAY = RuntimeError("away")


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
    there = conversation_change(talk.desk.record(1, **GIVEN), feed.CHANGE_KIND_SNAPSHOT)
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


def test_many_that_wait_are_resolved_together_and_the_others_are_left(talk: Talk, other_company: Company) -> None:
    told = [talk.desk.record(number, name=f"P {number}", email=f"p{number}@x.io") for number in (1, 2, 3)]
    again, tried = (talk.desk.record(number, name=f"P {number}", email=f"p{number}@x.io") for number in (4, 5))
    talk.feed(*told, again, tried)
    waiting = {task.conversation.conversation_id: task for task in talk.waiting()}
    part = [waiting[one.conversation_id] for one in told]
    part.append(replace(waiting[again.conversation_id], conversation=replace(again, etag="")))
    part.append(replace(waiting[tried.conversation_id], attempts=1))
    assert resolve_together(talk.resolving, talk.desk, part) == part[3:]
    assert (talk.desk.calls.count("link_all"), len(talk.waiting())) == (1, 2)
    assert [talk.outcome(one) for one in (*told, again, tried)] == [CREATED] * 3 + [""] * 2
    beside = Waiting(other_company.company_id, told[0])
    assert parts_of([part[0], beside, part[1]]) == [part[:2], [beside]]


def test_what_waits_in_a_part_is_dropped_where_nothing_is_to_be_done(talk: Talk) -> None:
    told, other = talk.desk.record(1, **GIVEN), talk.desk.record(2, name="Bo", email="bo@x.io")
    talk.feed(told, other)
    part = talk.waiting()
    talk.sync(told)
    assert resolve_together(talk.resolving, talk.desk, part) == []
    assert (talk.waiting(), talk.outcome(other)) == ([], CREATED)
    talk.feed(talk.desk.record(3, name="Cy", email="cy@x.io"))
    talk.set_policy(automatic=False)
    assert resolve_together(talk.resolving, talk.desk, talk.waiting()) == []
    assert (talk.waiting(), len(talk.desk.customers)) == ([], 2)


@pytest.mark.parametrize("error", [ValueError("one of them cannot be read"), DatabaseUnavailable("Away.")])
def test_a_part_that_fails_is_tried_one_by_one_unless_something_is_away(
    talk: Talk, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.feed(*[talk.desk.record(number, name=f"P {number}", email=f"p{number}@x.io") for number in (1, 2)])
    worker = ConversationWorker(talk.resolving, talk.company.upkeep, grpc.insecure_channel("localhost:1"))
    alone: list[Waiting] = []

    def together(*_: object) -> None:
        worker.stopping.set()
        raise error

    monkeypatch.setattr(conversation_worker, "resolve_together", together)

    def by_itself(task: Waiting) -> bool:
        alone.append(task)
        return True

    monkeypatch.setattr(worker, "_resolve", by_itself)
    worker.work()
    assert len(alone) == (0 if isinstance(error, DatabaseUnavailable) else 2)


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
