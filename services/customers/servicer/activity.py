"""ActivityService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import activity_service_pb2 as pb
from patronage.customers.v1 import activity_service_pb2_grpc as grpc_pb
from services.customers.convert import activity as convert
from services.customers.convert.choices import short_names
from services.customers.convert.times import span
from services.customers.operations.create_activity import create_activity
from services.customers.operations.delete_activity import delete_activity
from services.customers.operations.get_activity import get_activity
from services.customers.operations.list_activities import list_activities
from services.customers.operations.update_activity import update_activity
from services.runtime.database import Transaction
from services.runtime.edge import Edge


class ActivityServicer(grpc_pb.ActivityServiceServicer):
    """What people do with the customers of the caller's company."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def CreateActivity(self, request: pb.CreateActivityRequest, context: Any) -> pb.CreateActivityResponse:  # noqa: N802
        """Adds an activity."""
        draft = convert.draft_of(request.activity)

        def run(tx: Transaction) -> pb.CreateActivityResponse:
            activity, token = create_activity(tx, request.customer_id, draft)
            message = convert.activity_message(activity)
            return pb.CreateActivityResponse(activity=message, change_token=token.encode())

        return self._edge.write(context, request, run)

    def GetActivity(self, request: pb.GetActivityRequest, context: Any) -> pb.GetActivityResponse:  # noqa: N802
        """Reads an activity."""

        def run(tx: Transaction) -> pb.GetActivityResponse:
            return pb.GetActivityResponse(activity=convert.activity_message(get_activity(tx, request.activity_id)))

        return self._edge.read(context, run)

    def ListActivities(self, request: pb.ListActivitiesRequest, context: Any) -> pb.ListActivitiesResponse:  # noqa: N802
        """Lists activities."""
        types = short_names(pb.ActivityType, request.types, convert.TYPE, "types")
        start, end = span(request)

        def run(tx: Transaction) -> pb.ListActivitiesResponse:
            page = list_activities(
                tx,
                request.customer_id,
                page_size=request.page_size,
                page_token=request.page_token,
                types=types,
                start=start,
                end=end,
            )
            return pb.ListActivitiesResponse(
                activities=[convert.activity_message(activity) for activity in page.children],
                next_page_token=page.next_page_token,
                total_size=page.total_size,
                total_size_estimated=page.estimated,
            )

        return self._edge.read(context, run)

    def UpdateActivity(self, request: pb.UpdateActivityRequest, context: Any) -> pb.UpdateActivityResponse:  # noqa: N802
        """Changes an activity."""
        draft = convert.draft_of(request.activity)
        mask = list(request.update_mask.paths)

        def run(tx: Transaction) -> pb.UpdateActivityResponse:
            activity, token = update_activity(tx, request.activity_id, draft, mask, request.activity.etag)
            message = convert.activity_message(activity)
            return pb.UpdateActivityResponse(activity=message, change_token=token.encode())

        return self._edge.write(context, request, run)

    def DeleteActivity(self, request: pb.DeleteActivityRequest, context: Any) -> pb.DeleteActivityResponse:  # noqa: N802
        """Deletes an activity softly."""

        def run(tx: Transaction) -> pb.DeleteActivityResponse:
            token = delete_activity(tx, request.activity_id, request.etag)
            return pb.DeleteActivityResponse(change_token=token.encode())

        return self._edge.write(context, request, run)
