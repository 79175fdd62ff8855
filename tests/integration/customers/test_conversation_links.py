"""Many conversations are linked at once, some to customers that come with the link, each wholly or not at all."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from psycopg.rows import dict_row

from patronage.customers.v1 import conversation_batch_pb2 as batch
from patronage.customers.v1 import conversation_pb2 as things
from patronage.customers.v1 import conversation_service_pb2 as pb
from patronage.customers.v1 import customer_pb2
from services.customers.domain.conversation import MOST_CHARACTERS, MOST_INTERACTIONS
from services.customers.domain.failures import DuplicateCustomer, DuplicateHit
from services.customers.operations.batch_link_conversations import (
    MOST_LINKS,
    Outcome,
    WantedLink,
    batch_link_conversations,
)
from services.runtime.failures import FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.customers.company import Company, at_once
from tests.integration.customers.conversing import Talks, assert_figures_are_a_recount, minute, turn
from tests.integration.customers.served import Served
from tests.integration.customers.test_conversation_service import Talk, conversation, created, recorded, talk

__all__ = ["talk"]
EVENTS = """
SELECT type, data FROM events WHERE type LIKE 'conversation%%' AND origin_customer_id = %s ORDER BY event_id
"""
TIMES = {"created_at", "updated_at", "linked_at", "first_at", "last_at", "started_at", "said"}
WRITTEN = "SELECT n_tup_ins, n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'customers'"
FED = (
    "SELECT revision, payload ->> 'origin_customer_id' AS origin FROM feed WHERE subject = 'conversation' ORDER BY seq"
)


@pytest.fixture
def talks(acme: Company) -> Talks:
    return Talks(acme)


def link(company: Company, *wanted: WantedLink) -> list[Outcome]:
    return company.write(lambda tx: batch_link_conversations(tx, wanted, "AUTO_SYNC"))[0]  # type: ignore[no-any-return]


def new(conversation_id: str, name: str = "Ann", **draft: Any) -> WantedLink:
    return WantedLink(conversation_id, draft={"name": name, **draft})


def results(outcomes: list[Outcome]) -> list[str]:
    return [one.failure.reason if one.failure else one.result for one in outcomes]


def test_each_is_linked_as_by_itself_and_is_told_fed_and_counted(acme: Company, talks: Talks) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    alone, orphan, moved, fresh = (talks.record(session, turn("hi")) for session in "abcd")
    talks.link(moved, ann)
    talks.link(alone, bo, "AUTO_SYNC")
    outcomes = link(acme, WantedLink(orphan, customer_id=bo), WantedLink(moved, customer_id=bo), new(fresh, "Cy"))
    assert results(outcomes) == ["LINKED", "LINKED", "CREATED"]
    shown = {one.conversation_id: talks.get(one.conversation_id) for one in outcomes}
    for one in outcomes:
        now = shown[one.conversation_id]
        assert (now["origin_customer_id"], now["revision"]) == (one.customer_id, one.revision)
        assert (now["link_source"], now["linked_by"]) == ("AUTO_SYNC", "ann")
        assert one.linked_at is not None
        assert datetime.fromisoformat(now["linked_at"]) == one.linked_at
    assert acme.shown(outcomes[2].customer_id)["name"] == "Cy"
    told = {"conversation_id": moved, "session_id": "c"}
    assert acme.rows(EVENTS, ann)[-1]["data"] == {**told, "moved_to": bo}
    assert {"source": "AUTO_SYNC", **told, "moved_from": ann} in [one["data"] for one in acme.rows(EVENTS, bo)]
    with acme.admin() as connection:
        fed = connection.cursor(row_factory=dict_row).execute(FED).fetchall()[-3:]
    assert sorted((one["revision"], one["origin"]) for one in fed) == sorted(
        (one.revision, one.customer_id) for one in outcomes
    )
    assert_figures_are_a_recount(acme)


def test_a_link_by_itself_and_one_of_many_leave_the_same(acme: Company, talks: Talks) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    alone, one_of_many = (talks.record(session, turn("hi")) for session in "ab")
    own = {"conversation_id": "", "session_id": ""}
    for conversation_id in (alone, one_of_many):
        talks.link(conversation_id, ann)
    talks.link(alone, bo, "AUTO_SYNC")
    link(acme, WantedLink(one_of_many, customer_id=bo))
    first, second = (talks.get(one) | own for one in (alone, one_of_many))
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} <= TIMES
    for customer_id in (ann, bo):
        told = [(one["type"], one["data"]) for one in acme.rows(EVENTS, customer_id)]
        by_itself, of_many = (
            [(kind, data | own) for kind, data in told if data["conversation_id"] == one]
            for one in (alone, one_of_many)
        )
        assert by_itself == of_many != []


def test_a_customer_that_is_created_with_its_link_is_written_once(acme: Company, talks: Talks) -> None:
    fresh = talks.record("a", turn("hi", at=minute(3)))
    with acme.transaction() as tx:
        batch_link_conversations(tx, [new(fresh, "Cy")])
        assert tx.row(WRITTEN) == {"n_tup_ins": 1, "n_tup_upd": 0}
    assert_figures_are_a_recount(acme)


def test_what_forbids_one_link_keeps_no_other_one_back(acme: Company, talks: Talks) -> None:
    ann, gone = acme.create("Ann"), acme.create("Gone")
    acme.delete(gone)
    told = [talks.record(f"s{number}") for number in range(7)]
    linked = talks.link(told[6], ann)
    outcomes = link(
        acme,
        WantedLink(told[0], customer_id=gone),
        WantedLink(told[1], customer_id=new_id()),
        WantedLink(told[2], etag="old", customer_id=ann),
        new(told[3], name=""),
        new(told[4], external_ids=[{"system": "crm", "external_id": "7"}]),
        WantedLink(new_id(), customer_id=ann),
        WantedLink("none", customer_id=ann),
        WantedLink(told[5].upper(), customer_id=ann.upper()),
        WantedLink(told[6], customer_id=ann),
    )
    assert results(outcomes) == [
        "CUSTOMER_DELETED", "CUSTOMER_NOT_FOUND", "ETAG_MISMATCH", "FIELDS_INVALID", "FIELDS_INVALID",
        "CONVERSATION_NOT_FOUND", "CONVERSATION_NOT_FOUND", "LINKED", "UNCHANGED",
    ]  # fmt: skip
    assert outcomes[-1].revision == linked["revision"]
    assert [talks.get(one)["origin_customer_id"] for one in told] == [None] * 5 + [ann, ann]


def test_a_customer_that_is_there_already_is_named_and_nobody_is_made_twice(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann", email="ann@x.io")
    told = [talks.record(f"s{number}") for number in range(4)]
    outcomes = link(
        acme,
        new(told[0], email="ANN@x.io"),
        new(told[1], "Bo", email="bo@x.io"),
        new(told[2], "Bob", email="bo@x.io"),
        new(told[3], "Cy", phone="+1 212 555 0147"),
    )
    assert results(outcomes) == ["DUPLICATE_CUSTOMER", "CREATED", "DUPLICATE_CUSTOMER", "CREATED"]
    hits = [list(one.failure.hits) for one in outcomes if isinstance(one.failure, DuplicateCustomer)]
    assert hits == [[DuplicateHit(ann, "EMAIL")], [DuplicateHit(outcomes[1].customer_id, "EMAIL")]]
    assert [talks.get(one)["origin_customer_id"] for one in (told[0], told[2])] == [None, None]


def test_of_many_calls_at_once_one_creates_the_customer(acme: Company, talks: Talks) -> None:
    told = [talks.record(f"s{number}") for number in range(6)]
    done = at_once(*[partial(link, acme, new(one, email="ann@x.io")) for one in told])
    assert (
        sorted(results([one for outcomes in done if isinstance(outcomes, list) for one in outcomes]))
        == ["CREATED"] + ["DUPLICATE_CUSTOMER"] * 5
    )


def test_what_is_asked_for_badly_as_a_whole_is_refused(acme: Company, talks: Talks) -> None:
    told = talks.record("s")
    for wanted, fields in (
        ([], ["links"]),
        ([new(told)] * (MOST_LINKS + 1), ["links", *(f"links[{n}].conversation_id" for n in range(1, MOST_LINKS))]),
        ([WantedLink(told)], ["links[0].customer_id"]),
        ([WantedLink("", draft={})], ["links[0].conversation_id"]),
    ):
        with pytest.raises(FieldsInvalid) as raised:
            link(acme, *wanted)
        assert [one.field for one in raised.value.fields] == fields


def test_links_are_sent_and_the_same_request_answers_the_same(talk: Talk) -> None:
    ann = created(talk.client, "Ann")
    told = [recorded(talk, session) for session in ("a", "b", "c")]
    request = batch.BatchLinkConversationsRequest(
        links=[
            batch.ConversationLink(conversation_id=told[0].conversation_id, etag=told[0].etag, customer_id=ann),
            batch.ConversationLink(
                conversation_id=told[1].conversation_id, new_customer=customer_pb2.Customer(name="Bo", email="b@x.io")
            ),
            batch.ConversationLink(
                conversation_id=told[2].conversation_id, new_customer=customer_pb2.Customer(name="B", email="b@x.io")
            ),
        ],
        link_source=things.LINK_SOURCE_AUTO_SYNC,
        request_id=new_id(),
    )
    answer = talk.BatchLinkConversations(request)
    linked, made, refused = answer.outcomes
    now = talk.GetConversation(pb.GetConversationRequest(conversation_id=told[0].conversation_id)).conversation
    assert (linked.result, linked.customer_id) == (batch.CONVERSATION_LINK_RESULT_LINKED, ann)
    assert (linked.revision, linked.link_time) == (now.revision, now.link_time)
    assert made.result == batch.CONVERSATION_LINK_RESULT_CREATED
    assert refused.message
    assert [hit.customer_id for hit in refused.duplicates] == [made.customer_id]
    assert talk.BatchLinkConversations(request) == answer


def test_who_may_write_its_own_alone_links_no_conversation_of_another(served: Served) -> None:
    anns = Talk(served.client())
    bobs = Talk(served.client(subject="bob", scopes=["customers:read", "customers:write:own"]))
    told, mine = recorded(anns, "s"), recorded(bobs, "mine")
    bob = created(bobs.client, "Bob's")
    request = batch.BatchLinkConversationsRequest(
        links=[batch.ConversationLink(conversation_id=one.conversation_id, customer_id=bob) for one in (told, mine)]
    )
    other, own = bobs.BatchLinkConversations(request).outcomes
    assert (other.result, own.result) == (
        batch.CONVERSATION_LINK_RESULT_FAILED,
        batch.CONVERSATION_LINK_RESULT_LINKED,
    )


def test_a_check_refuses_what_recording_refuses_and_writes_nothing(talk: Talk) -> None:
    told = recorded(talk, "s", "hi")
    half = "x" * 20_000
    bad = [
        things.Conversation(),
        conversation("s" * 256),
        conversation("n", customer_email="x" * 321),
        conversation("n", ""),
        conversation("s", "other words"),
        conversation("n", *["hi"] * (MOST_INTERACTIONS + 1)),
        conversation("n", *[half] * (MOST_CHARACTERS // 20_000 + 1)),
    ]
    for one in bad:
        tried = talk.refused("CheckConversation", batch.CheckConversationRequest(conversation=one))
        real = talk.refused("RecordConversation", pb.RecordConversationRequest(conversation=one))
        assert (tried.reason, tried.fields) == (real.reason, real.fields)
    fine = batch.CheckConversationRequest(conversation=conversation("s", "hi", "more", customer_name="Ann"))
    found = talk.CheckConversation(fine).recorded
    assert (found.conversation_id, found.etag, found.customer_name) == (told.conversation_id, told.etag, "")
    new_one = batch.CheckConversationRequest(conversation=conversation("new", "hi"))
    assert not talk.CheckConversation(new_one).HasField("recorded")
    assert talk.refused("GetConversation", pb.GetConversationRequest(session_id="new")).reason == (
        "CONVERSATION_NOT_FOUND"
    )
