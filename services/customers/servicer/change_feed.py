"""ChangeFeedService."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from patronage.customers.v1 import change_feed_pb2 as pb
from patronage.customers.v1 import change_feed_pb2_grpc as grpc_pb
from services.customers.convert.change import responses
from services.customers.operations.follow_changes import ChangeFeed
from services.runtime.caller import caller_of
from services.runtime.streams import end_of


class ChangeFeedServicer(grpc_pb.ChangeFeedServiceServicer):
    """The stream of changes, of the caller's company or of all."""

    def __init__(self, feed: ChangeFeed) -> None:
        self._feed = feed

    def FollowChanges(  # noqa: N802
        self, request: pb.FollowChangesRequest, context: Any
    ) -> Iterator[pb.FollowChangesResponse]:
        """Streams changes until the client goes away or the server drains."""
        company_id, end = caller_of(context).company_id, end_of(context)
        for batch in self._feed.follow_changes(company_id, request.after_cursor, request.batch_size, end):
            yield from responses(batch)
