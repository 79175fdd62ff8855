"""Many merges in one call: each wholly or not at all, in parts, and none twice."""

import threading
import uuid
from collections import Counter
from functools import partial
from typing import Any

import pytest

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as pb
from patronage.errors.v1 import error_reason_pb2
from services.customers.domain.merge import Merge
from services.customers.operations import apply_merges
from services.customers.operations.apply_merges import Outcome, Trees, Wanted, apply_part, try_part
from services.runtime.failures import FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.customers.company import Company, at_once
from tests.integration.customers.refolding import assert_views_are_folded
from tests.integration.customers.served import Client, Served

MERGED, ALREADY = batch_pb.BATCH_MERGE_RESULT_MERGED, batch_pb.BATCH_MERGE_RESULT_ALREADY
BLOCKED, WOULD_MERGE = batch_pb.BATCH_MERGE_RESULT_BLOCKED, batch_pb.BATCH_MERGE_RESULT_WOULD_MERGE
TOLD = """
SELECT (SELECT count(*) FROM merges), (SELECT count(*) FROM merge_edges WHERE in_force),
       (SELECT count(*) FROM customers WHERE state = 'MERGED'),
       (SELECT count(*) FROM feed WHERE kind = 'MERGED') / 2, (SELECT count(*) FROM events WHERE type = 'merged') / 2,
       (SELECT count(*) FROM audit_log WHERE table_name = 'merges')
"""


def wanted(target: str, *sources: str, merge_id: str = "", **more: Any) -> Wanted:
    return Wanted(Merge(merge_id or new_id(), target, sources, {}, {}, "batch"), **more)


def apply(company: Company, *merges: Wanted, at_most: int = 100) -> list[Outcome]:
    """The outcomes of all, part by part."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(merges):
        outcomes += company.write(partial(apply_part, wanted=merges[len(outcomes) :], at_most=at_most))[0]
    return outcomes


def reasons(outcomes: list[Outcome]) -> list[list[str]]:
    return [[failure.reason for failure in outcome.failures] for outcome in outcomes]


def results(outcomes: list[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def told(company: Company) -> set[int]:
    """How many merges the log, the edges, the states, the feed, the timeline and the audit tell of."""
    with company.admin() as admin:
        row = admin.execute(TOLD).fetchone()
    assert row is not None
    return set(row)


def test_many_merges_leave_what_as_many_calls_leave(acme: Company, other: Company) -> None:
    made = {}
    for company in (acme, other):
        people = [company.create(f"P{n}", email=f"p{n}@x.io", tags=[f"t{n}"]) for n in range(8)]
        pairs = list(zip(people[::2], people[1::2], strict=True))
        if company is acme:
            assert results(apply(acme, *(wanted(*pair) for pair in pairs))) == ["MERGED"] * 4
        else:
            for pair in pairs:
                company.merge(*pair, reason="batch")
        shown = [company.shown(one) for one in people[::2]]
        made[company.company_id] = [
            (one["name"], one["tags"], [point["value"] for point in one["contact_points"]]) for one in shown
        ]
        assert_views_are_folded(company)
    assert made["acme"] == made["other"]
    assert told(acme) == {8}


def test_a_merge_of_a_batch_is_undone_like_any_other(acme: Company) -> None:
    people = [acme.create(f"P{n}", email=f"p{n}@x.io") for n in range(4)]
    before = [acme.tree(one).root.view for one in people]
    outcomes = apply(acme, wanted(people[0], people[1]), wanted(people[2], people[3]))
    for outcome in outcomes:
        undone = acme.undo(outcome.merge_id)
        assert all(then == now for then, now in undone.digests.values())
    assert [acme.tree(one).root.view for one in people] == before
    assert_views_are_folded(acme)


def test_one_that_is_refused_says_why_and_keeps_no_other_one_back(acme: Company) -> None:
    ann, bo, cy, dee, eve, fay = (acme.create(name) for name in ("Ann", "Bo", "Cy", "Dee", "Eve", "Fay"))
    acme.delete(dee)
    gone = new_id()
    outcomes = apply(
        acme,
        wanted(ann, ann),
        wanted(ann, gone, "no id"),
        wanted(ann, dee),
        Wanted(Merge("x", "", (), {}, {}), wrong=FieldsInvalid([])),
        wanted(ann, cy, expected_etags={cy: "another"}),
        wanted(ann, cy, expected_revisions={cy: 2}),
        wanted(ann, cy, expected_digest="0" * 64),
        wanted(ann, bo),
        wanted(eve, fay, expected_revisions={eve: 1, fay: 1}),
    )
    assert reasons(outcomes) == [
        ["SELF_MERGE"],
        ["CUSTOMER_NOT_FOUND", "CUSTOMER_NOT_FOUND"],
        ["CUSTOMER_DELETED"],
        ["FIELDS_INVALID"],
        *[["PREVIEW_STALE"]] * 3,
        [],
        [],
    ]
    assert results(outcomes)[-2:] == ["MERGED", "MERGED"]
    assert told(acme) == {2}


def test_merges_that_touch_the_same_tree_come_one_after_the_other(acme: Company) -> None:
    a, b, c, d = (acme.create(name, email=f"{name}@x.io") for name in "abcd")
    outcomes = apply(acme, wanted(a, b), wanted(a, c), wanted(b, d), wanted(d, a))
    assert results(outcomes) == ["MERGED", "MERGED", "BLOCKED", "MERGED"]
    assert reasons(outcomes)[2] == ["ALREADY_MERGED"]
    assert set(acme.shown(d)["merged_customer_ids"]) == {a, b, c}
    assert_views_are_folded(acme)


def test_sent_again_nothing_is_merged_twice(acme: Company) -> None:
    people = [acme.create(f"P{n}") for n in range(6)]
    batch = [wanted(*people[at : at + 2]) for at in (0, 2, 4)]
    assert results(apply(acme, *batch[:2])) == ["MERGED", "MERGED"]
    acme.undo(batch[0].merge.merge_id)
    assert results(apply(acme, *batch)) == ["ALREADY", "ALREADY", "MERGED"]
    assert acme.tree(people[1]).tree.root_id == people[1], "what was undone stays so"
    other_content = Wanted(Merge(batch[1].merge.merge_id, people[0], (people[1],), {}, {}))
    assert reasons(apply(acme, other_content)) == [["REQUEST_ID_REUSED"]]
    assert reasons(apply(acme, wanted(people[0], people[1], only_if_applied=True))) == [["PREVIEW_STALE"]]
    merged = apply(acme, wanted(people[0], people[1]), wanted(people[2], people[1], only_if_applied=True))
    assert reasons(merged) == [[], ["ALREADY_MERGED"]]


def test_the_same_batch_sent_twice_at_once_is_done_once(acme: Company) -> None:
    people = [acme.create(f"P{n}") for n in range(40)]
    batch = [wanted(*people[at : at + 2]) for at in range(0, 40, 2)]
    found = at_once(*[lambda: apply(acme, *batch, at_most=7)] * 3)
    lists = [results(one) for one in found if isinstance(one, list)]
    assert [len(each) for each in lists] == [20, 20, 20]
    assert Counter(one for each in lists for one in each) == {"MERGED": 20, "ALREADY": 40}
    assert told(acme) == {20}


def test_a_part_ends_before_its_trees_are_too_many(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [acme.create(f"P{n}") for n in range(8)]
    monkeypatch.setattr(apply_merges, "MOST_MEMBERS", 5)
    batch = [wanted(*people[at : at + 2]) for at in range(0, 8, 2)]
    outcomes, _ = acme.write(lambda tx: apply_part(tx, batch, 100))
    assert len(outcomes) == 2


def test_a_part_ends_before_the_feed_has_more_of_it_than_a_message_takes(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [acme.create(f"P{n}", organization="x" * 200) for n in range(8)]
    monkeypatch.setattr(apply_merges, "MOST_BYTES", 2_000)
    batch = [wanted(*people[at : at + 2]) for at in range(0, 8, 2)]
    outcomes, _ = acme.write(lambda tx: apply_part(tx, batch, 100))
    assert 1 <= len(outcomes) < 4
    assert results(apply(acme, *batch)) == ["ALREADY"] * len(outcomes) + ["MERGED"] * (4 - len(outcomes))
    monkeypatch.setattr(apply_merges, "MOST_BYTES", 1)
    assert results(apply(acme, wanted(people[0], people[2]))) == ["MERGED"], "one is done, however large"
    assert_views_are_folded(acme)


def test_a_dry_run_says_the_same_and_changes_nothing(acme: Company) -> None:
    ann, bo, cy = (acme.create(name) for name in ("Ann", "Bo", "Cy"))
    acme.delete(cy)
    with acme.transaction() as tx:
        outcomes, _ = try_part(tx, [wanted(ann, bo), wanted(ann, cy)], 100)
    assert results(outcomes) == ["WOULD_MERGE", "BLOCKED"]
    assert told(acme) == {0}


def test_a_dry_run_in_parts_knows_what_the_parts_before_would_have_left(acme: Company) -> None:
    ann, bo, cy, dee = (acme.create(name) for name in ("Ann", "Bo", "Cy", "Dee"))
    acme.delete(dee)
    batch = [wanted(ann, bo), wanted(bo, dee), wanted(ann, cy, expected_revisions={ann: 1}), wanted(cy, ann)]
    tried, left = Trees(), batch
    outcomes: list[Outcome] = []
    while left:
        with acme.transaction() as tx:
            outcomes += try_part(tx, left, 1, tried)[0]
        left = batch[len(outcomes) :]
    made = apply(acme, *batch)
    assert reasons(outcomes) == reasons(made) == [[], ["ALREADY_MERGED", "CUSTOMER_DELETED"], ["PREVIEW_STALE"], []]
    assert tried == Trees(), "what nothing is asked of any more is forgotten"


def test_a_batch_sees_no_customer_of_another_company(acme: Company, other: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    mine = other.create("Mine")
    found = reasons(apply(other, wanted(mine, ann), wanted(ann, bo)))
    assert found == [["CUSTOMER_NOT_FOUND"], ["CUSTOMER_NOT_FOUND", "CUSTOMER_NOT_FOUND"]]
    assert told(other) == {0}


def send(client: Client, *merges: pb.BatchedMerge, dry_run: bool = False) -> list[pb.ApplyMergesResponse]:
    return list(client.ApplyMerges(pb.ApplyMergesRequest(merges=merges, dry_run=dry_run)))


def batched(target: str, *sources: str, **merge: Any) -> pb.BatchedMerge:
    asked = pb.ApplyMergeRequest(merge_id=str(uuid.uuid4()), target_id=target, source_ids=sources, **merge)
    return pb.BatchedMerge(merge=asked)


def test_the_service_answers_part_by_part_and_the_log_names_the_evidence(
    acme: Company, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [acme.create(f"P{n}") for n in range(5)]
    evidence = batch_pb.MergeEvidence(policy_version="policy-3", scan_id=new_id(), group_id=new_id(), confidence=97)
    first = batched(people[0], people[1], evidence=evidence, reason="sure", on_behalf_of="ann")
    client = served.client()
    monkeypatch.setattr(apply_merges, "MOST_MEMBERS", 4)
    parts = send(client, first, batched(people[2], people[3]), batched(people[0], people[4]))
    assert [len(part.outcomes) for part in parts] == [2, 1]
    assert all(part.change_token for part in parts)
    assert {one.result for part in parts for one in part.outcomes} == {MERGED}
    [again] = send(client, first)
    assert [one.result for one in again.outcomes] == [ALREADY]
    logged = client.GetMerge(pb.GetMergeRequest(merge_id=first.merge.merge_id)).merge
    assert (logged.evidence, logged.reason, logged.merged_by.subject) == (evidence, "sure", "ann")


def test_the_service_names_every_field_of_a_merge_that_is_wrong(acme: Company, served: Served) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    wrong = batched("", ann, ann, reason="x" * 501)
    no_id = batched(ann, bo)
    no_id.merge.merge_id = "7"
    [part] = send(served.client(), wrong, no_id, batched(ann, bo), dry_run=True)
    assert [one.result for one in part.outcomes] == [BLOCKED, BLOCKED, WOULD_MERGE]
    assert [problem.field for problem in part.outcomes[0].problems] == ["target_id", "source_ids", "reason"]
    assert [problem.field for problem in part.outcomes[1].problems] == ["merge_id"]
    assert [blocker.reason for blocker in part.outcomes[0].blockers] == [error_reason_pb2.ERROR_REASON_FIELDS_INVALID]
    assert served.client().refused("ApplyMerges", pb.ApplyMergesRequest()).fields == ["merges"]


@pytest.mark.usefixtures("lock_limit")
def test_a_customer_that_somebody_holds_keeps_only_its_own_merge_back(acme: Company, served: Served) -> None:
    people = [acme.create(f"P{n}") for n in range(6)]
    batch = [batched(*people[at : at + 2]) for at in (0, 2, 4)]
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with acme.transaction() as tx:
            tx.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            acme_row = "SELECT 1 FROM customers WHERE customer_id = %s FOR UPDATE"
            tx.execute(acme_row, (people[2],))
            held.set()
            over.wait(100)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(60)
    try:
        outcomes = [one for part in send(served.client(), *batch) for one in part.outcomes]
    finally:
        over.set()
        holder.join()
    assert [one.result for one in outcomes] == [MERGED, BLOCKED, MERGED]
    assert [one.reason for one in outcomes[1].blockers] == [error_reason_pb2.ERROR_REASON_LOCK_TIMEOUT]
    assert [one.result for part in send(served.client(), *batch) for one in part.outcomes] == [ALREADY, MERGED, ALREADY]
