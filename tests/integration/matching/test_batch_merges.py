"""Many merges as customers is asked for them, and what its answers become; customers says what a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import merge_batch_pb2 as batch_pb
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.customers.v1.merge_preview_pb2 import MergeBlocker
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import batch_merge_pb2 as pb
from tests.integration.matching.fake_customers import FakeCustomers
from tests.integration.matching.people import customer_id
from tests.integration.matching.test_service import Service, customers, failure_of, service, start

__all__ = ["customers", "service", "start"]

MERGED, BLOCKED = batch_pb.BATCH_MERGE_RESULT_MERGED, batch_pb.BATCH_MERGE_RESULT_BLOCKED
REQUEST_ID = "0190b0b0-0000-7000-8000-000000000001"
Asked = storage.ApplyMergesRequest


def item(target: int, *sources: int) -> pb.MergeItem:
    return pb.MergeItem(target_id=customer_id(target).upper(), source_ids=[customer_id(one) for one in sources])


def answering(part: int) -> Callable[[Asked, Any], Iterator[storage.ApplyMergesResponse]]:
    """Makes every merge, so many a part."""

    def answer(request: Asked, _context: Any) -> Iterator[storage.ApplyMergesResponse]:
        for at in range(0, len(request.merges), part):
            made = [
                batch_pb.BatchMergeOutcome(merge_id=one.merge.merge_id, result=MERGED)
                for one in request.merges[at : at + part]
            ]
            yield storage.ApplyMergesResponse(outcomes=made, change_token=f"token {at}")

    return answer


def send(service: Service, *merges: pb.MergeItem, **request: Any) -> list[pb.BatchMergeResponse]:
    asked = pb.BatchMergeRequest(merges=merges, **request)
    return list(service.merges.BatchMerge(asked, metadata=service.token(), timeout=60))


def asked_of(customers: FakeCustomers) -> list[Asked]:
    return [asked for asked, _ in customers.asked]


def test_parts_are_answered_as_they_come_with_the_token_of_each(service: Service, customers: FakeCustomers) -> None:
    customers.answer = answering(2)
    parts = send(service, *[item(number, number + 100) for number in range(5)], reason="why", request_id=REQUEST_ID)
    assert [(len(part.outcomes), part.change_token) for part in parts] == [
        (2, "token 0"),
        (2, "token 2"),
        (1, "token 4"),
    ]
    assert [part.counts.done for part in parts] == [2, 4, 5]
    [(asked, metadata)] = customers.asked
    assert {(one.merge.reason, one.merge.on_behalf_of, one.only_if_applied) for one in asked.merges} == {
        ("why", "ann", False)
    }
    assert {one.merge.on_behalf_of_name for one in asked.merges} == {"Ann"}
    assert metadata["company-id"] == "acme"
    assert not asked.dry_run


def test_merges_that_build_on_each_other_are_one_call_in_their_order(
    service: Service, customers: FakeCustomers
) -> None:
    customers.answer = answering(1_000)
    parts = send(service, *[item(1, number) for number in range(2, 200)], *[item(n + 1, n) for n in range(300, 500)])
    assert [len(asked.merges) for asked in asked_of(customers)] == [250, 148]
    sent = [one.merge.source_ids[0] for asked in asked_of(customers) for one in asked.merges]
    assert sent == [customer_id(number) for number in (*range(2, 200), *range(300, 500))]
    assert parts[-1].counts == pb.BatchMergeCounts(total=398, done=398, merged=398)


def test_a_dry_run_tries_what_a_merge_builds_on_once_more_and_answers_for_it_once(
    service: Service, customers: FakeCustomers
) -> None:
    customers.answer = answering(300)
    pairs = [item(number, number + 1_000) for number in range(250)]
    parts = send(service, *pairs, item(7, 8), item(2_000, 2_001), dry_run=True)
    again = [(one.merge.target_id.lower(), len(one.merge.source_ids)) for one in asked_of(customers)[1].merges]
    assert again == [(customer_id(number), 1) for number in (7, 8, 7, 2_000)]
    assert sum(len(part.outcomes) for part in parts) == parts[-1].counts.total == 252


def test_what_customers_refuses_is_passed_on_with_its_reasons(service: Service, customers: FakeCustomers) -> None:
    stale = MergeBlocker(reason=error_reason_pb2.ERROR_REASON_PREVIEW_STALE, customer_id=customer_id(1), message="why")

    def answer(request: Asked, _context: Any) -> Iterator[storage.ApplyMergesResponse]:
        merge_id = request.merges[0].merge.merge_id
        refused = batch_pb.BatchMergeOutcome(merge_id=merge_id, result=BLOCKED, blockers=[stale])
        yield storage.ApplyMergesResponse(outcomes=[refused])

    customers.answer = answer
    [part] = send(service, item(1, 2), dry_run=True)
    assert list(part.outcomes[0].blockers) == [stale]
    assert part.counts == pb.BatchMergeCounts(total=1, done=1, blocked=1)
    assert asked_of(customers)[0].dry_run


def test_customers_that_go_away_end_the_stream_with_a_failure_that_may_be_repeated(
    service: Service, customers: FakeCustomers
) -> None:
    def answer(request: Asked, context: Any) -> Iterator[storage.ApplyMergesResponse]:
        yield from answering(1)(Asked(merges=request.merges[:1]), context)
        context.abort(grpc.StatusCode.UNAVAILABLE, "going away")

    customers.answer = answer
    stream = service.merges.BatchMerge(
        pb.BatchMergeRequest(merges=[item(1, 2), item(3, 4)]), metadata=service.token(), timeout=60
    )
    assert next(stream).counts.done == 1
    with pytest.raises(grpc.RpcError) as error:
        next(stream)
    assert failure_of(error.value) == ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE")
