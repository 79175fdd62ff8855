"""MergeStorageService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import merge_storage_service_pb2 as pb
from patronage.customers.v1 import merge_storage_service_pb2_grpc as grpc_pb
from services.customers.convert import merge as convert
from services.customers.convert.customer import customer_message
from services.customers.convert.merge_preview import described_message, snapshot_fields, snapshot_message
from services.customers.operations.apply_merge import apply_merge
from services.customers.operations.describe_merge import describe_merge
from services.customers.operations.describe_revert import describe_revert
from services.customers.operations.list_merges import get_merge, get_snapshot, list_merges
from services.customers.operations.revert_merge import revert_merge
from services.customers.servicer.merge_batches import MergeBatches
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.paging import page_size


class MergeStorageServicer(MergeBatches, grpc_pb.MergeStorageServiceServicer):
    """The forest of the caller's company."""

    def DescribeMerge(self, request: pb.DescribeMergeRequest, context: Any) -> pb.DescribeMergeResponse:  # noqa: N802
        """Says what a merge would touch and show."""
        merge = convert.merge_of(request)
        company_id = caller_of(context).company_id

        def run(tx: Transaction) -> pb.DescribeMergeResponse:
            return described_message(company_id, describe_merge(tx, merge))

        return self._edge.read(context, run)

    def GetMerge(self, request: pb.GetMergeRequest, context: Any) -> pb.GetMergeResponse:  # noqa: N802
        """Reads an entry of the merge log."""
        company_id = caller_of(context).company_id
        only = {customer_id.lower() for customer_id in request.snapshot_customer_ids}

        def run(tx: Transaction) -> pb.GetMergeResponse:
            merge = get_merge(tx, request.merge_id)
            snapshot = get_snapshot(tx, merge.merge_id) if request.include_snapshot else None
            return pb.GetMergeResponse(
                merge=convert.record_message(merge),
                snapshot=snapshot_message(company_id, snapshot, only) if snapshot else None,
                fields=snapshot_fields(merge, snapshot) if snapshot else (),
            )

        return self._edge.read(context, run)

    def ListMerges(self, request: pb.ListMergesRequest, context: Any) -> pb.ListMergesResponse:  # noqa: N802
        """Lists the merge log."""
        size = page_size(request.page_size)

        def run(tx: Transaction) -> pb.ListMergesResponse:
            standing, token = request.only_standing, request.page_token
            page = list_merges(tx, request.customer_id, standing=standing, size=size, token=token)
            return pb.ListMergesResponse(
                merges=map(convert.record_message, page.merges), next_page_token=page.next_page_token
            )

        return self._edge.read(context, run)

    def DescribeRevert(self, request: pb.DescribeRevertRequest, context: Any) -> pb.DescribeRevertResponse:  # noqa: N802
        """Says what an undo would do."""
        company_id = caller_of(context).company_id

        def run(tx: Transaction) -> pb.DescribeRevertResponse:
            described = describe_revert(tx, request.merge_id)
            return pb.DescribeRevertResponse(
                merge=convert.record_message(described.merge),
                target=customer_message(company_id, described.target),
                sources=[customer_message(company_id, source) for source in described.sources],
                later_edits=convert.edit_messages(described.later_edits),
            )

        return self._edge.read(context, run)

    def ApplyMerge(self, request: pb.ApplyMergeRequest, context: Any) -> pb.ApplyMergeResponse:  # noqa: N802
        """Merges."""
        merge = convert.merge_of(request)
        expected = {customer_id.lower(): etag for customer_id, etag in request.expected_etags.items()}

        def run(tx: Transaction) -> pb.ApplyMergeResponse:
            applied = apply_merge(tx, merge, expected, request.expected_digest)
            return pb.ApplyMergeResponse(
                merge=convert.record_message(applied.merge),
                target=customer_message(tx.scope.company_id, applied.target.shown),
                change_token=applied.token.encode(),
            )

        return self._edge.write(context, request, run)

    def RevertMerge(self, request: pb.RevertMergeRequest, context: Any) -> pb.RevertMergeResponse:  # noqa: N802
        """Takes a merge back."""

        def run(tx: Transaction) -> pb.RevertMergeResponse:
            reverted = revert_merge(
                tx,
                request.merge_id,
                request.reason,
                request.on_behalf_of,
                request.on_behalf_of_name,
                left_undecided=request.leave_undecided,
            )
            company_id = tx.scope.company_id
            return pb.RevertMergeResponse(
                merge=convert.record_message(reverted.merge),
                target=customer_message(company_id, reverted.target.shown),
                sources=[customer_message(company_id, source.shown) for source in reverted.sources],
                later_edits=convert.edit_messages(reverted.later_edits),
                digests=convert.digest_messages(reverted.digests),
                change_token=reverted.token.encode(),
            )

        return self._edge.write(context, request, run)
