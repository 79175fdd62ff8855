"""A customers service that says what a test wants: changes by hand, merges as scripted."""

import queue
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc

from patronage.customers.v1 import change_feed_pb2 as feed
from patronage.customers.v1 import change_feed_pb2_grpc as feed_grpc
from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.customers.v1 import merge_storage_service_pb2_grpc as storage_grpc

EPOCH = "e1"
THREADS = 8
EXPIRED = feed.FollowChangesResponse(cursor="expired")


class FakeCustomers(feed_grpc.ChangeFeedServiceServicer, storage_grpc.MergeStorageServiceServicer):
    """Streams what `send` is given; answers merges by `answer`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, dict[str, str]]] = []
        self.answer: Callable[[Any, Any], Any] = lambda request, context: storage.ApplyMergeResponse()
        self.cursors: list[str] = []
        self._responses: queue.SimpleQueue[feed.FollowChangesResponse | None] = queue.SimpleQueue()
        self._horizon = 100
        self._server = grpc.server(futures.ThreadPoolExecutor(THREADS))
        feed_grpc.add_ChangeFeedServiceServicer_to_server(self, self._server)
        storage_grpc.add_MergeStorageServiceServicer_to_server(self, self._server)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def send(self, company_id: str, *changes: feed.Change, snapshot_done: bool = False) -> int:
        """Send a batch; answers a transaction id that it meets."""
        for change in changes:
            change.company_id = company_id
        self._horizon += 10
        self._responses.put(
            feed.FollowChangesResponse(
                changes=changes,
                cursor=f"c{self._horizon}",
                epoch=EPOCH,
                horizon=self._horizon,
                snapshot_done=snapshot_done,
            )
        )
        return self._horizon - 1

    def expire(self) -> None:
        """Answer the open stream that its cursor is too old."""
        self._responses.put(EXPIRED)

    def stop(self) -> None:
        """Go away."""
        for _ in range(THREADS):
            self._responses.put(None)
        self._server.stop(None).wait()

    def FollowChanges(  # noqa: N802
        self, request: feed.FollowChangesRequest, context: Any
    ) -> Iterator[feed.FollowChangesResponse]:
        self.cursors.append(request.after_cursor)
        for response in iter(self._responses.get, None):
            if response is EXPIRED:
                context.abort(grpc.StatusCode.OUT_OF_RANGE, "the cursor has expired")
            yield response

    def DescribeMerge(self, request: storage.DescribeMergeRequest, context: Any) -> Any:  # noqa: N802
        return self._scripted(request, context)

    def GetMerge(  # noqa: N802
        self, request: storage.GetMergeRequest, context: grpc.ServicerContext
    ) -> storage.GetMergeResponse:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no test scripts it")

    def ListMerges(  # noqa: N802
        self, request: storage.ListMergesRequest, context: grpc.ServicerContext
    ) -> storage.ListMergesResponse:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no test scripts it")

    def DescribeRevert(  # noqa: N802
        self, request: storage.DescribeRevertRequest, context: grpc.ServicerContext
    ) -> storage.DescribeRevertResponse:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no test scripts it")

    def ApplyMerge(self, request: storage.ApplyMergeRequest, context: Any) -> Any:  # noqa: N802
        return self._scripted(request, context)

    def ApplyMerges(self, request: storage.ApplyMergesRequest, context: Any) -> Iterator[Any]:  # noqa: N802
        yield from self._scripted(request, context)

    def RevertMerge(self, request: storage.RevertMergeRequest, context: Any) -> Any:  # noqa: N802
        return self._scripted(request, context)

    def _scripted(self, request: Any, context: Any) -> Any:
        self.asked.append((request, dict(context.invocation_metadata())))
        return self.answer(request, context)
