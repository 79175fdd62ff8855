"""Lists of conversations: of a tree, of the company, of nobody; by time, a page at a time, through an index."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from services.customers.operations.list_conversations import ConversationPage, Span
from services.customers.store import conversation_lists
from services.customers.store.conversation_lists import NEWEST, Wanted
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from tests.integration.customers.company import Company
from tests.integration.customers.conversing import Talks, minute, turn

SEED = """
INSERT INTO conversations (company_id, conversation_id, session_id, user_id, customer_name, customer_email,
                           customer_phone, customer_address, started_at, first_at, last_at, created_by, created_by_name,
                           created_at, updated_at, revision, origin_customer_id, linked_at, link_source)
SELECT 'acme', gen_random_uuid(), 'seed ' || n, '', '', '', '', '', t, t, t, '', '', t, t, 1, origin,
       CASE WHEN origin IS NOT NULL THEN t END, CASE WHEN origin IS NULL THEN '' ELSE 'MANUAL' END
  FROM generate_series(1, 20000) AS n,
       LATERAL (SELECT timestamptz '2025-01-01' + n * interval '1 minute') AS s (t),
       LATERAL (SELECT CASE mod(n, 100) WHEN 0 THEN NULL WHEN 1 THEN %(ann)s::uuid ELSE %(bo)s::uuid END) AS o (origin)
"""


@pytest.fixture
def talks(acme: Company) -> Talks:
    return Talks(acme)


def sessions(page: ConversationPage) -> list[str]:
    return [shown["session_id"] for shown in page.conversations]


def test_pages_of_a_tree_are_the_whole_list_without_gaps_or_doubles(acme: Company, talks: Talks) -> None:
    members = [acme.create(f"C{number}") for number in range(3)]
    expected = []
    for number in range(11):
        # Several begin at the same time, in different customers.
        talks.record(f"s{number}", at=minute(number // 3), customer=members[number % 3])
        expected.append(f"s{number}")
    talks.record("other", customer=acme.create("Other"))
    acme.merge(members[0], *members[1:])
    found, token = [], ""
    while True:
        page = talks.page(members[2], size=2, token=token)
        found += sessions(page)
        token = page.next_page_token
        if not token:
            break
    starts = [int(session[1:]) // 3 for session in found]
    assert sorted(found) == sorted(expected)
    assert starts == sorted(starts, reverse=True)
    assert found == sessions(talks.page(members[0]))


def test_a_span_includes_its_start_and_leaves_out_its_end(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    for number in range(4):
        talks.record(f"s{number}", at=minute(number), customer=ann)
        talks.record(f"o{number}", at=minute(number))
    span = Span(minute(1), minute(3))
    assert talks.of(ann, span) == ["s2", "s1"]
    assert sorted(talks.of("", span)) == ["o1", "o2", "s1", "s2"]
    assert sessions(talks.orphans(span)) == ["o2", "o1"]
    assert talks.of(ann, Span(minute(3))) == ["s3"]
    assert talks.of(ann, Span(end=minute(1))) == ["s0"]


def test_orphans_are_those_of_nobody(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    orphan = talks.record("o", at=minute(1))
    linked = talks.record("l", at=minute(2), customer=ann)
    assert sessions(talks.orphans()) == ["o"]
    talks.link(orphan, ann)
    talks.unlink(linked)
    assert sessions(talks.orphans()) == ["l"]


def test_a_token_belongs_to_its_question(acme: Company, talks: Talks) -> None:
    ann = acme.create("Ann")
    for number in range(3):
        talks.record(f"s{number}", customer=ann)
        talks.record(f"o{number}")
    token = talks.page(ann, size=1).next_page_token
    assert sessions(talks.page(ann, size=1, token=token, whole=True))
    others: tuple[Callable[[], object], ...] = (
        lambda: talks.page("", size=1, token=token),
        lambda: talks.page(ann, Span(minute(0)), size=1, token=token),
        lambda: talks.orphans(size=1, token=token),
    )
    for ask in others:
        with pytest.raises(PageTokenMismatch):
            ask()
    with pytest.raises(FieldsInvalid):
        talks.page(ann, token="nonsense")


def test_a_page_ends_where_it_is_larger_than_a_message(talks: Talks) -> None:
    for number in range(4):
        talks.record(f"s{number}", *[turn("é" * 20_000, "é" * 20_000)] * 5, at=minute(number))
    page = talks.page(whole=True)
    assert 1 <= len(page.conversations) < 20
    assert sum(len(json.dumps(shown, ensure_ascii=False).encode()) for shown in page.conversations) < 4 << 20
    rest = talks.page(whole=True, token=page.next_page_token) if page.next_page_token else None
    assert len(page.conversations) + (len(rest.conversations) if rest else 0) == 4


def test_summaries_are_those_of_the_tree_and_of_conversations_that_have_one(acme: Company, talks: Talks) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    for place, customer in enumerate((ann, bo, bo)):
        told = talks.record(f"s{place}", turn("hi", at=minute(place)), customer=customer)
        if place < 2:
            talks.summarize(told, f"summary {place}", "a", "b", "a")
    acme.merge(ann, bo)
    found = talks.summaries(bo).conversations
    assert [(shown["summary"], shown["topics"]) for shown in found] == [
        ("summary 1", ["a", "b"]),
        ("summary 0", ["a", "b"]),
    ]


def test_a_summary_that_says_the_same_changes_nothing(acme: Company, talks: Talks) -> None:
    told = talks.record("s", turn("the price?", "Five."))
    first = talks.summarize(told).shown
    assert (first["topics"], first["revision"]) == (["pricing"], 2)
    assert talks.summarize(told).shown == first
    assert talks.summarize(told, "", "other").shown["topics"] == ["other"]


@pytest.fixture(scope="module")
def many_of(kept_company: Company) -> str:
    """The customer who has some of very many conversations."""
    ann = kept_company.create("Ann")
    with kept_company.admin() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(SEED, {"ann": ann, "bo": kept_company.create("Bo")})
        connection.execute("ANALYZE conversations")
    return ann


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "conversations_by_start"),
        ({"orphaned": True}, "conversations_orphaned"),
        ({"root_id": True}, "conversations_by_origin"),
        ({"start": "2025-01-02", "end": "2025-01-03"}, "conversations_by_start"),
    ],
)
def test_a_list_reads_through_an_index_and_no_more_than_it_answers(
    kept_company: Company, many_of: str, wanted: dict[str, Any], index: str
) -> None:
    question = Wanted(**{**wanted, **({"root_id": many_of} if "root_id" in wanted else {})})
    plan = _plan(kept_company, question)
    scans = [node for node in _nodes(plan) if node.get("Relation Name") == "conversations"]
    assert [node.get("Index Name") for node in scans] == [index], scans
    assert all(node.get("Rows Removed by Filter", 0) == 0 for node in scans)
    assert all(node["Actual Rows"] <= 21 for node in scans)


def _plan(acme: Company, wanted: Wanted) -> dict[str, Any]:
    parameters = {
        "before_at": NEWEST[0],
        "before_id": NEWEST[1],
        "start": wanted.start,
        "end": wanted.end,
        "limit": 21,
        "root_id": wanted.root_id or None,
    }
    with acme.transaction() as tx:
        sql = "EXPLAIN (ANALYZE, FORMAT JSON) " + conversation_lists._statement(wanted)
        plan: dict[str, Any] = tx.value(sql, parameters)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in _nodes(part))]
