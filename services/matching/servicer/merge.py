"""MergeService."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import grpc

from patronage.customers.v1 import merge_storage_service_pb2 as storage_pb
from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import merge_service_pb2_grpc as grpc_pb
from services.matching.convert import merges, previews
from services.matching.convert.hidden import SHOWS_DELETED, hide_deleted
from services.matching.convert.questions import required
from services.matching.convert.survivorship import hold
from services.matching.convert.undone import undone_merge
from services.matching.domain.failures import JudgedDifferent
from services.matching.domain.judgement import Author
from services.matching.domain.preview_token import NO_DIGEST
from services.matching.domain.survivorship import RulesInForce
from services.matching.domain.undone_merge import UndoneMerge
from services.matching.operations.follow_undo import follow_undo
from services.matching.operations.judged_apart import check_judged, judged_apart
from services.matching.operations.merge_basis import merge_basis
from services.matching.servicer.auto_merge import AutoMerges
from services.matching.servicer.batch_merge import BatchMerges
from services.matching.servicer.sales_look import SalesLook
from services.runtime.caller import Caller, caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.service_channel import for_company
from services.runtime.waiting import remaining_s

Answer = TypeVar("Answer", pb.PreviewMergeResponse, pb.PreviewUndoMergeResponse, pb.UndoMergeResponse)


class MergeServicer(BatchMerges, AutoMerges, grpc_pb.MergeServiceServicer):
    """Has customers apply merges and take them back; what customers answers, failures too, is passed on."""

    def __init__(self, edge: Edge, storage: storage_grpc.MergeStorageServiceStub, sales: SalesLook) -> None:
        self._edge = edge
        self._storage = storage
        self._sales = sales

    def PreviewMerge(self, request: pb.PreviewMergeRequest, context: Any) -> pb.PreviewMergeResponse:  # noqa: N802
        """Says what a merge would do."""
        asked = previews.describe_request(request)
        _, rules = self._basis(context, {})
        hold(asked, rules)
        sales_of = self._sales.begin(previews.metrics_request(request), context)
        described = self._storage.DescribeMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        sales = sales_of()
        shown = previews.sales_message(sales) if sales is not None else None
        trees = previews.trees_of(described)
        apart, _ = self._basis(context, trees)
        judged = self._edge.read(context, lambda tx: judged_apart(tx, trees)) if apart else []
        return _shown_to(caller_of(context), previews.preview_response(described, shown, rules.version, judged))

    def MergeCustomers(self, request: pb.MergeCustomersRequest, context: Any) -> pb.MergeCustomersResponse:  # noqa: N802
        """Merges the sources into the target."""
        caller = caller_of(context)
        asked = merges.apply_request(request, caller.company_id, Author(caller.subject, caller.name))
        preview = merges.preview_of(request)
        try:
            rules = self._rules_for(request, context)
        except JudgedDifferent:
            # A retry of a merge that was made before the judgement has its first result; any other one is refused.
            asked.expected_digest = NO_DIGEST
            if (first := self._first_result(asked, context)) is None:
                raise
            return merges.merged_response(first)
        hold(asked, rules)
        asked.expected_digest = preview.digest_under(rules.version) if preview is not None else ""
        applied = self._storage.ApplyMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        return merges.merged_response(applied)

    def GetMerge(self, request: pb.GetMergeRequest, context: Any) -> pb.GetMergeResponse:  # noqa: N802
        """Reads an entry of the merge log."""
        required(merge_id=request.merge_id)
        asked = storage_pb.GetMergeRequest(
            merge_id=request.merge_id,
            include_snapshot=request.include_snapshot,
            snapshot_customer_ids=request.snapshot_customer_ids,
        )
        found = self._storage.GetMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        snapshot = found.snapshot if found.HasField("snapshot") else None
        return pb.GetMergeResponse(merge=found.merge, snapshot=snapshot, fields=found.fields)

    def ListMerges(self, request: pb.ListMergesRequest, context: Any) -> pb.ListMergesResponse:  # noqa: N802
        """Lists the merge log."""
        asked = storage_pb.ListMergesRequest(
            customer_id=request.customer_id,
            only_standing=request.only_standing,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        page = self._storage.ListMerges(asked, timeout=remaining_s(context), metadata=_metadata(context))
        return pb.ListMergesResponse(merges=page.merges, next_page_token=page.next_page_token)

    def PreviewUndoMerge(  # noqa: N802
        self, request: pb.PreviewUndoMergeRequest, context: Any
    ) -> pb.PreviewUndoMergeResponse:
        """Says what an undo would do."""
        required(merge_id=request.merge_id)
        asked = storage_pb.DescribeRevertRequest(merge_id=request.merge_id)
        found = self._storage.DescribeRevert(asked, timeout=remaining_s(context), metadata=_metadata(context))
        answer = pb.PreviewUndoMergeResponse(
            merge=found.merge, target=found.target, sources=found.sources, later_edits=found.later_edits
        )
        return _shown_to(caller_of(context), answer)

    def UndoMerge(self, request: pb.UndoMergeRequest, context: Any) -> pb.UndoMergeResponse:  # noqa: N802
        """Takes a merge back."""
        caller = caller_of(context)
        asked = merges.revert_request(request, Author(caller.subject, caller.name))
        reverted = self._storage.RevertMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        self._follow(undone_merge(reverted.merge), context)
        return _shown_to(caller, merges.undone_response(reverted))

    def _rules_for(self, request: pb.MergeCustomersRequest, context: Any) -> RulesInForce:
        """Raise JudgedDifferent, or return the rules that hold for the merge."""
        ids = [request.target_id, *request.source_ids]
        apart, rules = self._basis(context, dict.fromkeys(ids, ()))
        if apart:
            self._edge.read(context, lambda tx: check_judged(tx, ids, request.overridden_judgement_ids))
        return rules

    def _basis(self, context: Any, trees: Mapping[str, Iterable[str]]) -> tuple[bool, RulesInForce]:
        """Whether judgements keep these trees apart, and the rules that hold, in one round trip."""
        return self._edge.look_up(context, lambda reader: merge_basis(reader, trees))

    def _first_result(self, asked: storage_pb.ApplyMergeRequest, context: Any) -> storage_pb.ApplyMergeResponse | None:
        try:
            return self._storage.ApplyMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.ABORTED:
                return None
            raise

    def _follow(self, undone: UndoneMerge, context: Any) -> None:
        """Do at once what the follower does when the feed tells of the undo, so that the caller reads what it wrote."""

        def run(tx: Transaction) -> pb.UndoMergeResponse:
            follow_undo(tx, undone, repeated=True)
            return pb.UndoMergeResponse()

        self._edge.write_once(context, None, run, pb.UndoMergeResponse)


def _shown_to(caller: Caller, answer: Answer) -> Answer:
    """The answer without what its caller may not see of deleted customers, nor of the fields of a merge with one."""
    if not caller.has(SHOWS_DELETED) and hide_deleted(answer) and isinstance(answer, pb.PreviewMergeResponse):
        answer.ClearField("fields")
    return answer


def _metadata(context: Any) -> tuple[tuple[str, str], ...]:
    caller: Caller = caller_of(context)
    return tuple(for_company(caller.scope().company_id, caller.request_id))
