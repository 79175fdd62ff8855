"""The part of ReviewService that puts questions in front of people and takes their decisions."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import grpc

from patronage.customers.v1 import merge_storage_service_pb2 as storage_pb
from patronage.matching.v1 import merge_service_pb2
from patronage.matching.v1 import review_queue_pb2 as pb
from services.matching.convert import review_answers as answers
from services.matching.convert import review_stats as figures
from services.matching.convert import reviews as convert
from services.matching.convert.merges import merge_id_of
from services.matching.convert.policies import time_message
from services.matching.convert.questions import required
from services.matching.domain.resolution import Decision, merge_of
from services.matching.domain.review_item import MERGED
from services.matching.operations.get_review_item import get_review_item, past_resolutions
from services.matching.operations.get_review_stats import ReviewStats, get_review_stats
from services.matching.operations.list_review_items import list_review_items
from services.matching.operations.resolve_review_item import (
    begin_resolution,
    may_be_merged_before,
    note_merged,
    resolve_by_judgement,
)
from services.matching.servicer.merge import MergeServicer
from services.runtime.access import require_scope
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.paging import page_size
from services.runtime.waiting import FollowedChanges

_MERGES = uuid.UUID("0a6d1b1e-53ad-5c0f-9b6a-7a1d0f6c2c41")


class ReviewQueue:
    """Lists what waits for a person, and has it judged or merged."""

    def __init__(self, edge: Edge, followed: FollowedChanges, merges: MergeServicer) -> None:
        self._edge = edge
        self._followed = followed
        self._merges = merges

    def ListReviewItems(  # noqa: N802
        self, request: pb.ListReviewItemsRequest, context: Any
    ) -> pb.ListReviewItemsResponse:
        """Lists what waits."""
        asked, token = convert.list_asked(request)
        size = page_size(request.page_size)
        self._followed.wait(token, context)

        def run(tx: Transaction) -> pb.ListReviewItemsResponse:
            page = list_review_items(tx, asked, size, request.page_token)
            return pb.ListReviewItemsResponse(
                items=[answers.item_message(one) for one in page.items], next_page_token=page.next_page_token
            )

        return self._edge.read(context, run)

    def GetReviewItem(self, request: pb.GetReviewItemRequest, context: Any) -> pb.GetReviewItemResponse:  # noqa: N802
        """Reads an item."""
        required(item_id=request.item_id)

        def run(tx: Transaction) -> pb.GetReviewItemResponse:
            item = get_review_item(tx, request.item_id)
            past = [answers.past_message(one) for one in past_resolutions(tx, item.item_id)]
            return pb.GetReviewItemResponse(item=answers.item_message(item), past=past)

        return self._edge.read(context, run)

    def ResolveReviewItem(  # noqa: N802
        self, request: pb.ResolveReviewItemRequest, context: Any
    ) -> pb.ResolveReviewItemResponse:
        """Decides an item."""
        decision = convert.decision_of(request)
        if decision.resolution == MERGED:
            require_scope(caller_of(context), "merge:write", "ResolveReviewItem")
            return self._edge.write(context, request, self._merging(request, decision, context))

        def run(tx: Transaction) -> pb.ResolveReviewItemResponse:
            item, judgement_ids = resolve_by_judgement(tx, decision)
            return pb.ResolveReviewItemResponse(item=answers.item_message(item), judgement_ids=judgement_ids)

        return self._edge.write(context, request, run)

    def GetReviewStats(self, request: pb.GetReviewStatsRequest, context: Any) -> pb.GetReviewStatsResponse:  # noqa: N802
        """Says how the queue stands."""
        start, end = convert.interval_asked(request, datetime.now(UTC))

        def run(tx: Transaction) -> pb.GetReviewStatsResponse:
            return _stats_message(get_review_stats(tx, start, end))

        return self._edge.read(context, run)

    def _merging(
        self, request: pb.ResolveReviewItemRequest, decision: Decision, context: Any
    ) -> Callable[[Transaction], pb.ResolveReviewItemResponse]:
        """Return what merges and keeps the decision, while nobody else can decide the item.

        The merge is made by customers and is not taken back where the decision cannot be kept: a retry finds it by the
        id that follows from the request's, and without one the item is superseded when the merge comes by the feed.
        """
        company_id = caller_of(context).company_id
        merge_request_id = str(uuid.uuid5(_MERGES, f"{request.request_id or uuid.uuid4()}".lower()))
        merge_id = merge_id_of(company_id, merge_request_id)

        def run(tx: Transaction) -> pb.ResolveReviewItemResponse:
            before = self._made_before(tx, decision, merge_id, context) if request.request_id else None
            item = begin_resolution(tx, decision, was_merged=before is not None)
            ends = (before.target_id, tuple(before.source_ids)) if before is not None else merge_of(item, decision)
            merged = self._merges.MergeCustomers(convert.merge_request(request, ends, merge_request_id), context)
            resolved = note_merged(tx, item, decision, merged.merge.merge_id)
            return pb.ResolveReviewItemResponse(
                item=answers.item_message(resolved), merge=merged.merge, change_token=merged.change_token
            )

        return run

    def _made_before(
        self, tx: Transaction, decision: Decision, merge_id: str, context: Any
    ) -> storage_pb.MergeRecord | None:
        """Return the merge of a first try of this request that ended before it could keep the decision."""
        if not may_be_merged_before(tx, decision.item_id):
            return None
        try:
            found = self._merges.GetMerge(merge_service_pb2.GetMergeRequest(merge_id=merge_id), context).merge
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                return None
            raise
        return None if found.HasField("undo_time") else found


def _stats_message(stats: ReviewStats) -> pb.GetReviewStatsResponse:
    return pb.GetReviewStatsResponse(
        open=[figures.open_message(one.kind, one.band, one.items) for one in stats.open],
        open_items=stats.open_items,
        left_out=stats.left_out,
        oldest_open_time=time_message(stats.oldest) if stats.oldest else None,
        resolved=[figures.resolved_message(resolution, items) for resolution, items in stats.by_resolution],
        by_actor=[
            figures.resolved_message(resolution, items, actor, name)
            for resolution, actor, name, items in stats.by_actor
        ],
        agreement=[figures.agreement_message(one) for one in stats.agreement],
        partial=stats.partial,
    )
