"""The review queue over the wire: scopes, bad fields, merges that survive a lost answer, two who merge at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.matching.v1 import review_queue_pb2 as pb
from patronage.matching.v1 import review_service_pb2_grpc as review_grpc
from services.matching.app import build_app
from services.matching.domain.preview_token import NO_DIGEST
from services.matching.settings import MatchingSettings
from services.matching.store import review_endings
from services.runtime.database import Database
from services.runtime.tokens_jwt import issue_token
from tests.fixtures.databases import ServiceDatabase
from tests.integration.matching.fake_customers import FakeCustomers
from tests.integration.matching.people import Company, change, customer_id
from tests.integration.matching.reviewing import SHARED, Queue, person
from tests.integration.matching.test_service import SECRET, failure_of

REQUEST_ID = "0190b0b0-0000-7000-8000-0000000000a1"
SCOPES = ("matching:read", "matching:write", "merge:write")


class Merging(FakeCustomers):
    """A customers service that keeps merges by their ids, and refuses to merge anyone twice."""

    def __init__(self) -> None:
        super().__init__()
        self.merges: dict[str, storage.MergeRecord] = {}
        self._one_by_one = threading.Lock()

    def ApplyMerge(self, request: storage.ApplyMergeRequest, context: Any) -> storage.ApplyMergeResponse:  # noqa: N802
        with self._one_by_one:
            return self._merge(request, context)

    def _merge(self, request: storage.ApplyMergeRequest, context: Any) -> storage.ApplyMergeResponse:
        self.asked.append((request, {}))
        record = storage.MergeRecord(
            merge_id=request.merge_id, target_id=request.target_id, source_ids=request.source_ids
        )
        gone = {one for made in self.merges.values() for one in made.source_ids}
        if request.merge_id not in self.merges and request.expected_digest == NO_DIGEST:
            context.abort(grpc.StatusCode.ABORTED, "It is not as it was shown.")
        if request.merge_id not in self.merges and gone & {request.target_id, *request.source_ids}:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "It is merged already.")
        record = self.merges.setdefault(request.merge_id, record)
        return storage.ApplyMergeResponse(merge=record, change_token="token")

    def GetMerge(self, request: storage.GetMergeRequest, context: Any) -> storage.GetMergeResponse:  # noqa: N802
        if request.merge_id not in self.merges:
            context.abort(grpc.StatusCode.NOT_FOUND, "There is no such merge.")
        return storage.GetMergeResponse(merge=self.merges[request.merge_id])


@pytest.fixture
def customers() -> Iterator[Merging]:
    fake = Merging()
    yield fake
    fake.stop()


@pytest.fixture
def queue(database: Database, upkeep: Database) -> Queue:
    """A scanned company with one pair in question (1, 2)."""
    queue = Queue(Company(database, upkeep))
    queue.settle()
    queue.company.follow(*[change(number, **person(number, **SHARED)) for number in (1, 2)])
    queue.company.scan()
    return queue


@pytest.fixture
def reviews(
    matching_database: ServiceDatabase, customers: Merging, queue: Queue
) -> Iterator[review_grpc.ReviewServiceStub]:
    settings = {
        "listen": "127.0.0.1:0",
        "database_url": matching_database.runtime_url,
        "upkeep_database_url": matching_database.upkeep_url,
        "customers": customers.target,
        "plaintext": True,
        "token_secret": SECRET,
        "service_token": issue_token(SECRET, "matching", "", "*", ("feed:read", "merge:apply")),
    }
    app = build_app(MatchingSettings.model_validate(settings))
    server = app.server()
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield review_grpc.ReviewServiceStub(channel)
    server.stop()
    app.close()


def signed(subject: str = "ann", scopes: tuple[str, ...] = SCOPES) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {issue_token(SECRET, subject, subject.title(), 'acme', scopes)}"),)


def merging(queue: Queue, target: int = 1, **more: str) -> pb.ResolveReviewItemRequest:
    [item] = queue.items(kind="PAIR") or queue.items(kind="PAIR", state="SUPERSEDED")
    return pb.ResolveReviewItemRequest(
        item_id=item.item_id, resolution=pb.RESOLUTION_MERGE, target_id=customer_id(target), **more
    )


def refused(reviews: review_grpc.ReviewServiceStub, request: Any, *metadata: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as error:
        reviews.ResolveReviewItem(request, metadata=metadata[0] if metadata else signed())
    return failure_of(error.value)


def test_items_are_listed_read_and_counted(reviews: review_grpc.ReviewServiceStub, queue: Queue) -> None:
    [item] = reviews.ListReviewItems(pb.ListReviewItemsRequest(), metadata=signed()).items
    assert (item.kind, item.state, item.score.confidence) == (pb.REVIEW_KIND_PAIR, pb.REVIEW_STATE_OPEN, 90)
    assert {one.name for one in item.customers} == {person(1)["name"], person(2)["name"]}
    assert list(item.matched_fields) == ["phone"]
    read = reviews.GetReviewItem(pb.GetReviewItemRequest(item_id=item.item_id), metadata=signed())
    assert (read.item, len(read.past)) == (item, 0)
    stats = reviews.GetReviewStats(pb.GetReviewStatsRequest(), metadata=signed())
    assert [(one.kind, one.least_confidence, one.greatest_confidence, one.items) for one in stats.open] == [
        (pb.REVIEW_KIND_PAIR, 90, 100, 1)
    ]
    assert stats.oldest_open_time == item.open_time


def test_a_merge_is_made_by_customers_and_a_repeated_request_answers_the_same(
    reviews: review_grpc.ReviewServiceStub, queue: Queue, customers: Merging
) -> None:
    request = merging(queue, reason="the same voice", request_id=REQUEST_ID)
    first, again = (reviews.ResolveReviewItem(request, metadata=signed()) for _ in range(2))
    assert first == again
    assert (first.item.resolution, first.item.merge_id) == (pb.RESOLUTION_MERGE, first.merge.merge_id)
    assert (first.item.resolved_by.subject, first.item.reason, first.change_token) == ("ann", "the same voice", "token")
    ((asked, _),) = customers.asked
    assert (asked.target_id, list(asked.source_ids)) == (customer_id(1), [customer_id(2)])
    assert (asked.on_behalf_of, asked.reason) == ("ann", "the same voice")


@pytest.mark.parametrize("followed", [False, True])
def test_a_merge_whose_answer_was_lost_is_found_by_a_retry(
    reviews: review_grpc.ReviewServiceStub,
    queue: Queue,
    customers: Merging,
    monkeypatch: pytest.MonkeyPatch,
    followed: bool,
) -> None:
    def die(*_: Any) -> None:
        raise RuntimeError("killed between the merge and its record")

    request = merging(queue, request_id=REQUEST_ID)
    monkeypatch.setattr(review_endings, "resolve", die)
    assert refused(reviews, request) == ("INTERNAL", "INTERNAL")
    monkeypatch.undo()
    assert len(customers.merges) == 1
    if followed:
        queue.merge(1, 2, 2)
        [item] = queue.items(kind="PAIR", state="SUPERSEDED")
        assert item.outcome == "MERGED"
    resolved = reviews.ResolveReviewItem(request, metadata=signed())
    assert (resolved.item.state, resolved.item.resolution) == (pb.REVIEW_STATE_RESOLVED, pb.RESOLUTION_MERGE)
    assert [resolved.merge.merge_id] == list(customers.merges)
    assert len(queue.stats().by_actor) == 1


def test_an_item_that_was_merged_by_others_is_closed(
    reviews: review_grpc.ReviewServiceStub, queue: Queue, customers: Merging
) -> None:
    queue.merge(1, 2, 2)
    assert refused(reviews, merging(queue, request_id=REQUEST_ID)) == ("FAILED_PRECONDITION", "REVIEW_ITEM_CLOSED")
    assert customers.merges == {}


def test_of_two_who_merge_at_once_one_wins(
    reviews: review_grpc.ReviewServiceStub, queue: Queue, customers: Merging
) -> None:
    requests = [merging(queue, target) for target in (1, 2)]

    def resolve(request: pb.ResolveReviewItemRequest) -> str:
        try:
            reviews.ResolveReviewItem(request, metadata=signed())
            return "merged"
        except grpc.RpcError as error:
            return failure_of(error)[1]

    with ThreadPoolExecutor(2) as people:
        outcomes = list(people.map(resolve, requests))
    assert sorted(outcomes) == ["REVIEW_ITEM_CLOSED", "merged"]
    assert len(customers.merges) == 1


def test_a_merge_takes_its_own_scope_and_nothing_happens_without_it(
    reviews: review_grpc.ReviewServiceStub, queue: Queue, customers: Merging
) -> None:
    token = signed(scopes=("matching:read", "matching:write"))
    assert refused(reviews, merging(queue), token) == ("PERMISSION_DENIED", "SCOPE_MISSING")
    assert customers.asked == []
    assert refused(reviews, merging(queue), signed(scopes=("matching:read", "merge:write"))) == (
        "PERMISSION_DENIED",
        "SCOPE_MISSING",
    )


def test_a_merge_against_a_judgement_of_members_is_refused_and_leaves_the_item_open(
    reviews: review_grpc.ReviewServiceStub, queue: Queue, customers: Merging
) -> None:
    queue.company.follow(*[change(number, **person(number)) for number in (6, 7)])
    queue.judge(6, 7, "DIFFERENT")
    queue.merge(1, 6, 2)
    queue.company.tend()
    queue.company.follow(change(7, 2, state="MERGED", merged_into=2), change(2, 2, members=[7], **person(2, **SHARED)))
    assert refused(reviews, merging(queue)) == ("FAILED_PRECONDITION", "JUDGED_DIFFERENT")
    assert [one.state for one in queue.items(kind="PAIR")] == ["OPEN"]
    assert customers.merges == {}
    queue.company.tend()
    assert queue.items(kind="PAIR") == [], "what is judged of members answers the question"


def test_every_bad_field_of_a_decision_is_named(reviews: review_grpc.ReviewServiceStub) -> None:
    request = pb.ResolveReviewItemRequest(
        target_id="x", reason="r" * 501, request_id="no", preview_token="x", overridden_judgement_ids=["x"] * 101
    )
    with pytest.raises(grpc.RpcError) as error:
        reviews.ResolveReviewItem(request, metadata=signed())
    for field in ("item_id", "resolution", "target_id", "reason", "request_id", "preview_token", "overridden_judg"):
        assert field in str(error.value.details())
    listing = pb.ListReviewItemsRequest(min_confidence=-1, max_confidence=101, at_least_as_fresh="x")
    with pytest.raises(grpc.RpcError) as error:
        reviews.ListReviewItems(listing, metadata=signed())
    for field in ("min_confidence", "max_confidence", "at_least_as_fresh"):
        assert field in str(error.value.details())


@pytest.mark.parametrize("item_id", ["x", "\x00", "x" * 10_000])
def test_an_id_of_an_item_that_is_none_is_not_found(reviews: review_grpc.ReviewServiceStub, item_id: str) -> None:
    for resolution in (pb.RESOLUTION_DIFFERENT, pb.RESOLUTION_MERGE):
        target = customer_id(1) if resolution == pb.RESOLUTION_MERGE else ""
        request = pb.ResolveReviewItemRequest(item_id=item_id, resolution=resolution, target_id=target)
        with pytest.raises(grpc.RpcError) as error:
            reviews.ResolveReviewItem(request, metadata=signed())
        assert failure_of(error.value) == ("NOT_FOUND", "REVIEW_ITEM_NOT_FOUND")


def test_figures_of_the_year_one_are_refused(reviews: review_grpc.ReviewServiceStub) -> None:
    request = pb.GetReviewStatsRequest()
    request.end_time.seconds = -62_135_596_800
    with pytest.raises(grpc.RpcError) as error:
        reviews.GetReviewStats(request, metadata=signed())
    assert failure_of(error.value) == ("INVALID_ARGUMENT", "FIELDS_INVALID")


def test_an_interval_of_figures_is_in_order_and_not_too_long(reviews: review_grpc.ReviewServiceStub) -> None:
    for start, end in ((100, 50), (0, 400 * 86_400)):
        request = pb.GetReviewStatsRequest()
        request.start_time.seconds, request.end_time.seconds = start, end
        with pytest.raises(grpc.RpcError) as error:
            reviews.GetReviewStats(request, metadata=signed())
        assert failure_of(error.value) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
