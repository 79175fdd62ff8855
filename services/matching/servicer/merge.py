"""MergeService."""

from typing import Any

from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import merge_service_pb2_grpc as grpc_pb
from services.matching.convert import merges, previews
from services.matching.operations.get_policy import get_policy
from services.matching.servicer.sales_look import SalesLook
from services.runtime.caller import Caller, caller_of
from services.runtime.edge import Edge
from services.runtime.service_channel import for_company
from services.runtime.waiting import remaining_s


class MergeServicer(grpc_pb.MergeServiceServicer):
    """Has customers apply merges and take them back; what customers answers, failures too, is passed on."""

    def __init__(self, edge: Edge, storage: storage_grpc.MergeStorageServiceStub, sales: SalesLook) -> None:
        self._edge = edge
        self._storage = storage
        self._sales = sales

    def PreviewMerge(self, request: pb.PreviewMergeRequest, context: Any) -> pb.PreviewMergeResponse:  # noqa: N802
        """Says what a merge would do."""
        asked = previews.describe_request(request)
        sales_of = self._sales.begin(previews.metrics_request(request), context)
        described = self._storage.DescribeMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        sales = sales_of()
        shown = previews.sales_message(sales) if sales is not None else None
        return previews.preview_response(described, shown, self._policy_version(context))

    def MergeCustomers(self, request: pb.MergeCustomersRequest, context: Any) -> pb.MergeCustomersResponse:  # noqa: N802
        """Merges the sources into the target."""
        caller = caller_of(context)
        asked = merges.apply_request(request, caller.company_id, caller.subject)
        preview = merges.preview_of(request)
        if preview is not None:
            asked.expected_digest = preview.digest_under(self._policy_version(context))
        applied = self._storage.ApplyMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        return merges.merged_response(applied)

    def UndoMerge(self, request: pb.UndoMergeRequest, context: Any) -> pb.UndoMergeResponse:  # noqa: N802
        """Takes a merge back."""
        asked = merges.revert_request(request, caller_of(context).subject)
        reverted = self._storage.RevertMerge(asked, timeout=remaining_s(context), metadata=_metadata(context))
        return merges.undone_response(reverted)

    def _policy_version(self, context: Any) -> str:
        return self._edge.read(context, lambda tx: get_policy(tx, "")[1])


def _metadata(context: Any) -> tuple[tuple[str, str], ...]:
    caller: Caller = caller_of(context)
    return tuple(for_company(caller.scope().company_id, caller.request_id))
