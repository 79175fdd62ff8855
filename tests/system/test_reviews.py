"""Reviews in the three real services: a scan brings a pair up, people merge it, undo it, and decide."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2, customer_service_pb2, note_service_pb2
from patronage.matching.v1 import matching_service_pb2, merge_service_pb2, policy_pb2
from patronage.matching.v1 import review_queue_pb2 as pb
from services.cli.main import run
from services.local.suite import Suite
from tests.faults.company import Company, company_of, reason_of
from tests.system.merging import ended_scan


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    """A company that is judged by the ladder, where a shared phone is a question."""
    with company_of(suite, f"reviews-{uuid.uuid4()}") as made:
        wish = policy_pb2.SetPolicyRequest(kind=policy_pb2.POLICY_KIND_LADDER, accept_confidence=95)
        made.matching.SetPolicy(wish)
        yield made


def create(company: Company, name: str, phone: str = "+1 212 555 0147") -> str:
    customer = customer_pb2.Customer(name=name, phone=phone)
    request = customer_service_pb2.CreateCustomerRequest(customer=customer)
    request.on_duplicate = customer_service_pb2.DUPLICATE_ACTION_ALLOW
    return company.customers.CreateCustomer(request).customer.customer_id


def scan(company: Company) -> None:
    asked = matching_service_pb2.ScanDuplicatesRequest(at_least_as_fresh=company.everything())
    ended_scan(company, company.matching.ScanDuplicates(asked).scan.scan_id)


def waiting(company: Company, **asked: Any) -> list[pb.ReviewItem]:
    asked.setdefault("at_least_as_fresh", company.everything())
    return list(company.reviews.ListReviewItems(pb.ListReviewItemsRequest(**asked)).items)


def test_a_pair_is_merged_from_the_queue_undone_and_decided(company: Company) -> None:
    ann, bo = create(company, "Ann Lee"), create(company, "Bo Quill")
    company.notes.CreateNote(
        note_service_pb2.CreateNoteRequest(customer_id=bo, note=note_service_pb2.Note(content="called"))
    )
    scan(company)
    [item] = waiting(company)
    request = pb.ResolveReviewItemRequest(
        item_id=item.item_id,
        resolution=pb.RESOLUTION_MERGE,
        target_id=ann,
        etag=item.etag,
        reason="one voice",
        request_id=str(uuid.uuid4()),
    )
    resolved = company.reviews.ResolveReviewItem(request)
    assert company.reviews.ResolveReviewItem(request) == resolved
    logged = company.merges.GetMerge(merge_service_pb2.GetMergeRequest(merge_id=resolved.merge.merge_id)).merge
    assert (logged.target_id, list(logged.source_ids), logged.reason) == (ann, [bo], "one voice")
    assert waiting(company, at_least_as_fresh=resolved.change_token) == []
    again = pb.ResolveReviewItemRequest(item_id=item.item_id, resolution=pb.RESOLUTION_DIFFERENT)
    with pytest.raises(grpc.RpcError) as error:
        company.reviews.ResolveReviewItem(again)
    assert reason_of(error.value) == "REVIEW_ITEM_CLOSED"

    undo = merge_service_pb2.UndoMergeRequest(merge_id=logged.merge_id, leave_undecided=True)
    company.merges.UndoMerge(undo)
    [asked] = waiting(company)
    assert (asked.item_id, asked.kind, asked.merge_id) == (item.item_id, pb.REVIEW_KIND_MERGE_UNDONE, logged.merge_id)
    past = company.reviews.GetReviewItem(pb.GetReviewItemRequest(item_id=item.item_id)).past
    assert [one.resolution for one in past] == [pb.RESOLUTION_MERGE]
    company.reviews.ResolveReviewItem(
        pb.ResolveReviewItemRequest(item_id=item.item_id, resolution=pb.RESOLUTION_DIFFERENT)
    )
    scan(company)
    assert waiting(company) == []
    with pytest.raises(grpc.RpcError) as error:
        company.merges.MergeCustomers(
            merge_service_pb2.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True)
        )
    assert reason_of(error.value) == "JUDGED_DIFFERENT"
    stats = company.reviews.GetReviewStats(pb.GetReviewStatsRequest())
    assert {(one.resolution, one.items) for one in stats.resolved} == {
        (pb.RESOLUTION_MERGE, 1), (pb.RESOLUTION_DIFFERENT, 1)
    }  # fmt: skip


def test_a_merge_from_the_queue_is_held_to_its_preview(company: Company) -> None:
    ann, bo = create(company, "Ann Lee"), create(company, "Bo Quill")
    scan(company)
    [item] = waiting(company)
    seen = company.merges.PreviewMerge(merge_service_pb2.PreviewMergeRequest(target_id=ann, source_ids=[bo]))
    update = customer_service_pb2.UpdateCustomerRequest(customer_id=bo, customer=customer_pb2.Customer(name="Bo Q"))
    company.customers.UpdateCustomer(update)
    request = pb.ResolveReviewItemRequest(
        item_id=item.item_id, resolution=pb.RESOLUTION_MERGE, target_id=ann, preview_token=seen.preview_token
    )
    with pytest.raises(grpc.RpcError) as error:
        company.reviews.ResolveReviewItem(request)
    assert reason_of(error.value) == "PREVIEW_STALE"
    request.preview_token = company.merges.PreviewMerge(
        merge_service_pb2.PreviewMergeRequest(target_id=ann, source_ids=[bo])
    ).preview_token
    assert company.reviews.ResolveReviewItem(request).item.state == pb.REVIEW_STATE_RESOLVED


def test_a_deleted_customer_takes_its_questions_away(company: Company) -> None:
    ann, _ = create(company, "Ann Lee"), create(company, "Bo Quill")
    scan(company)
    assert len(waiting(company)) == 1
    company.customers.DeleteCustomer(customer_service_pb2.DeleteCustomerRequest(customer_id=ann))
    assert waiting(company) == []
    assert [one.superseded_because for one in waiting(company, state=pb.REVIEW_STATE_SUPERSEDED)] == ["DELETED"]


def test_the_queue_is_worked_through_by_the_command(
    company: Company, suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Ann Lee", "Bo Quill"):
        create(company, name)
    scan(company)
    context = tmp_path / "context.json"
    context.write_text(json.dumps({**suite.context(), "token": suite.token(company.id)}))

    def command(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert run([*arguments, "--context", str(context)]) == code
        printed = capsys.readouterr()
        return printed.out if code == 0 else printed.err

    item = json.loads(command("review", "--json", "--kind", "pair"))
    assert "Ann Lee" in command("review")
    assert "one of pair, group" in command("review", "--kind", "pears", code=2)
    assert "one of merge, different" in command("resolve", item["item_id"], "perhaps", code=2)
    decided = json.loads(command("resolve", item["item_id"], "different", "--reason", "met both", "--json"))
    assert decided["item"]["reason"] == "met both"
    assert "REVIEW_ITEM_CLOSED" in command("resolve", item["item_id"], "same", code=1)
    assert command("review", "--json") == ""
