"""Matching is killed after customers has undone a merge and before it judges: the feed brings the judgement."""

from concurrent.futures import Future, ThreadPoolExecutor

import grpc
import pytest

from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import review_queue_pb2, review_service_pb2
from services.matching.store import standing_judgements
from services.runtime.ids import new_id
from tests.faults.company import Company, insist, until
from tests.faults.people import import_people
from tests.faults.proofs import LOG, assert_mirrors_agree, rows, transaction

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def merged(company: Company, target: str, source: str) -> str:
    request = pb.MergeCustomersRequest(target_id=target, source_ids=[source], allow_unpreviewed=True)
    return insist(company.merges.MergeCustomers, request).merge.merge_id


def undone(company: Company) -> set[str]:
    return {merge_id for merge_id, _, _, undone_at in rows(company.suite, "customers", LOG, company.id) if undone_at}


def judgements(company: Company) -> list[review_service_pb2.Judgement]:
    question = review_service_pb2.ListJudgementsRequest(include_retracted=True)
    return list(insist(company.reviews.ListJudgements, question).judgements)


def questions(company: Company) -> list[review_queue_pb2.ReviewItem]:
    asked = review_queue_pb2.ListReviewItemsRequest(kind=review_queue_pb2.REVIEW_KIND_MERGE_UNDONE)
    return list(insist(company.reviews.ListReviewItems, asked).items)


def kill_between(company: Company, *undos: pb.UndoMergeRequest) -> list[Future[pb.UndoMergeResponse]]:
    """Kills matching while it waits to note what follows from some undos that customers has carried out."""
    with ThreadPoolExecutor(len(undos)) as threads, transaction(company, "matching", "runtime") as judging:
        standing_judgements.lock(judging)
        calls = [threads.submit(company.merges.UndoMerge, undo) for undo in undos]
        wanted = {undo.merge_id for undo in undos}
        until(lambda: undone(company) == wanted, "customers has undone the merges", at_work=calls)
        until(lambda: judging.value(WAITING) >= len(undos), "matching waits to judge", at_work=calls)
        company.suite.kill("matching")
    return calls


def test_what_follows_from_an_undo_comes_by_the_feed_where_the_call_died_after_the_undo(company: Company) -> None:
    people = import_people(company, 4)
    apart, left_open = merged(company, *people[:2]), merged(company, *people[2:])
    company.wait_for_followers()
    undo = pb.UndoMergeRequest(merge_id=apart, reason="two persons", request_id=new_id())
    calls = kill_between(company, undo, pb.UndoMergeRequest(merge_id=left_open, leave_undecided=True))
    for call in calls:
        with pytest.raises(grpc.RpcError):
            call.result()

    company.suite.start("matching")
    company.wait_for_followers()
    [judged] = judgements(company)
    assert (judged.verdict, judged.merge_id) == (review_service_pb2.VERDICT_DIFFERENT, apart)
    assert [judged.left_id, judged.right_id] == sorted(people[:2])
    assert judged.reason == "Their merge was undone: two persons"
    [question] = questions(company)
    assert question.merge_id == left_open

    again = insist(company.merges.UndoMerge, undo)
    assert judged.created_by == again.merge.undone_by
    assert judgements(company) == [judged]
    assert_mirrors_agree(company)
