"""MergeService."""

from typing import Any

from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import merge_service_pb2_grpc as grpc_pb
from services.matching.convert import merges
from services.runtime.caller import Caller, caller_of
from services.runtime.service_channel import for_company
from services.runtime.waiting import remaining_s


class MergeServicer(grpc_pb.MergeServiceServicer):
    """Has customers apply merges and take them back; what customers answers, failures too, is passed on."""

    def __init__(self, storage: storage_grpc.MergeStorageServiceStub) -> None:
        self._storage = storage

    def MergeCustomers(self, request: pb.MergeCustomersRequest, context: Any) -> pb.MergeCustomersResponse:  # noqa: N802
        """Merges the sources into the target."""
        caller = caller_of(context)
        asked = merges.apply_request(request, caller.company_id, caller.subject)
        applied = self._storage.ApplyMerge(asked, timeout=remaining_s(context), metadata=_metadata(caller))
        return merges.merged_response(applied)

    def UndoMerge(self, request: pb.UndoMergeRequest, context: Any) -> pb.UndoMergeResponse:  # noqa: N802
        """Takes a merge back."""
        caller = caller_of(context)
        asked = merges.revert_request(request, caller.subject)
        reverted = self._storage.RevertMerge(asked, timeout=remaining_s(context), metadata=_metadata(caller))
        return merges.undone_response(reverted)


def _metadata(caller: Caller) -> tuple[tuple[str, str], ...]:
    return tuple(for_company(caller.scope().company_id, caller.request_id))
