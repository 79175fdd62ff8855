"""Many merges, as customers is asked to apply them."""

from collections.abc import Iterator, Sequence
from typing import Any

import grpc

from patronage.customers.v1 import merge_storage_service_pb2 as storage_pb
from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc
from services.runtime.caller import caller_of
from services.runtime.failures import ShuttingDown
from services.runtime.service_channel import for_company
from services.runtime.streams import end_of

A_YEAR_S = 365 * 86_400.0


def applied(
    storage: storage_grpc.MergeStorageServiceStub,
    context: Any,
    merges: Sequence[storage_pb.BatchedMerge],
    *,
    dry_run: bool,
) -> Iterator[storage_pb.ApplyMergesResponse]:
    """Yields what customers answers, until the caller's own stream is over; then customers is told to stop."""
    caller, end = caller_of(context), end_of(context)
    call = storage.ApplyMerges(
        storage_pb.ApplyMergesRequest(merges=merges, dry_run=dry_run),
        timeout=_left_s(context),
        metadata=tuple(for_company(caller.scope().company_id, caller.request_id)),
    )

    def cancel() -> None:
        call.cancel()

    end.call_back(cancel)
    try:
        yield from call
    except grpc.RpcError:
        if not end.is_set():
            raise
    finally:
        call.cancel()


def _left_s(context: Any) -> float | None:
    """How long the caller waits; None for one that said nothing, for whom gRPC answers some hundred years."""
    left: float | None = context.time_remaining()
    return left if left is not None and left < A_YEAR_S else None


def refuse_if_draining(context: Any) -> None:
    """Raise ShuttingDown where the service is being stopped before all was done."""
    if end_of(context).draining:
        text = "The service is being stopped. What it has answered is done; send the request again in a moment."
        raise ShuttingDown(text, retry_after=1.0)
