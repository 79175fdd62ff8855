"""Merges that are undone, through all three services: whoever undoes, and wherever, the same follows from it."""

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import merge_storage_service_pb2, merge_storage_service_pb2_grpc
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import review_queue_pb2, review_service_pb2
from services.local.suite import Suite
from tests.faults.company import Company, company_of
from tests.system.merging import create, merge


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"undone-{uuid.uuid4()}") as made:
        yield made


def reverted(company: Company, subject: str, **asked: Any) -> merge_storage_service_pb2.RevertMergeResponse:
    """Undone by customers, without matching."""
    token = company.suite.token(company.id, scopes=["merge:apply"], subject=subject)
    with grpc.insecure_channel(company.suite.context()["customers"]) as channel:
        storage = merge_storage_service_pb2_grpc.MergeStorageServiceStub(channel)
        request = merge_storage_service_pb2.RevertMergeRequest(**asked)
        return storage.RevertMerge(request, metadata=(("authorization", f"Bearer {token}"),))


def judged(company: Company, token: str) -> list[review_service_pb2.Judgement]:
    asked = review_service_pb2.ListJudgementsRequest(at_least_as_fresh=token)
    return list(company.reviews.ListJudgements(asked).judgements)


def test_an_undo_that_customers_alone_was_asked_for_leads_to_the_same(company: Company) -> None:
    ann, bo, cy = create(company, "Ann"), create(company, "Bo"), create(company, "Cy")
    apart, left_open = merge(company, ann, bo).merge.merge_id, merge(company, ann, cy).merge.merge_id
    first = reverted(company, "janitor", merge_id=apart, reason="two persons")
    second = reverted(company, "janitor", merge_id=left_open, leave_undecided=True)
    [one] = judged(company, second.change_token)
    assert ([one.left_id, one.right_id], one.merge_id) == (sorted([ann, bo]), apart)
    assert (one.created_by, one.created_by.subject) == (first.merge.undone_by, "janitor")
    waiting = review_queue_pb2.ListReviewItemsRequest(kind=review_queue_pb2.REVIEW_KIND_MERGE_UNDONE)
    assert [item.merge_id for item in company.reviews.ListReviewItems(waiting).items] == [left_open]
    assert second.merge.left_undecided


def test_an_undo_is_judged_by_whoever_asked_for_it_before_the_feed_tells_of_it_and_not_again(
    company: Company,
) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    merge_id = merge(company, ann, bo).merge.merge_id
    undone = company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merge_id, reason="two persons"))
    [at_once] = judged(company, "")
    assert (at_once.created_by, at_once.reason) == (undone.merge.undone_by, "Their merge was undone: two persons")
    company.reviews.RetractJudgement(review_service_pb2.RetractJudgementRequest(judgement_id=at_once.judgement_id))
    assert judged(company, undone.change_token) == []
