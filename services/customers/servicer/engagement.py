"""EngagementService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import engagement_service_pb2 as pb
from patronage.customers.v1 import engagement_service_pb2_grpc as grpc_pb
from services.customers.convert import engagement as convert
from services.customers.convert.choices import short_names
from services.customers.operations.create_engagement import create_engagement
from services.customers.operations.delete_engagement import delete_engagement
from services.customers.operations.get_engagement import get_engagement
from services.customers.operations.list_engagements import list_engagements
from services.customers.operations.update_engagement import update_engagement
from services.runtime.database import Transaction
from services.runtime.edge import Edge


class EngagementServicer(grpc_pb.EngagementServiceServicer):
    """The leads, offers, bookings and jobs of the caller's company."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def CreateEngagement(self, request: pb.CreateEngagementRequest, context: Any) -> pb.CreateEngagementResponse:  # noqa: N802
        """Adds an engagement."""
        draft = convert.draft_of(request.engagement)

        def run(tx: Transaction) -> pb.CreateEngagementResponse:
            engagement, token = create_engagement(tx, request.customer_id, draft)
            message = convert.engagement_message(engagement)
            return pb.CreateEngagementResponse(engagement=message, change_token=token.encode())

        return self._edge.write(context, request, run)

    def GetEngagement(self, request: pb.GetEngagementRequest, context: Any) -> pb.GetEngagementResponse:  # noqa: N802
        """Reads an engagement."""

        def run(tx: Transaction) -> pb.GetEngagementResponse:
            engagement = get_engagement(tx, request.engagement_id)
            return pb.GetEngagementResponse(engagement=convert.engagement_message(engagement))

        return self._edge.read(context, run)

    def ListEngagements(self, request: pb.ListEngagementsRequest, context: Any) -> pb.ListEngagementsResponse:  # noqa: N802
        """Lists engagements."""
        kinds = short_names(pb.EngagementKind, request.kinds, convert.KIND, "kinds")
        statuses = short_names(pb.EngagementStatus, request.statuses, convert.STATUS, "statuses")

        def run(tx: Transaction) -> pb.ListEngagementsResponse:
            page = list_engagements(
                tx,
                request.customer_id,
                page_size=request.page_size,
                page_token=request.page_token,
                kinds=kinds,
                statuses=statuses,
            )
            return pb.ListEngagementsResponse(
                engagements=[convert.engagement_message(engagement) for engagement in page.children],
                next_page_token=page.next_page_token,
                total_size=page.total_size,
                total_size_estimated=page.estimated,
            )

        return self._edge.read(context, run)

    def UpdateEngagement(self, request: pb.UpdateEngagementRequest, context: Any) -> pb.UpdateEngagementResponse:  # noqa: N802
        """Changes an engagement."""
        draft = convert.draft_of(request.engagement)
        mask = list(request.update_mask.paths)

        def run(tx: Transaction) -> pb.UpdateEngagementResponse:
            engagement, token = update_engagement(tx, request.engagement_id, draft, mask, request.engagement.etag)
            message = convert.engagement_message(engagement)
            return pb.UpdateEngagementResponse(engagement=message, change_token=token.encode())

        return self._edge.write(context, request, run)

    def DeleteEngagement(self, request: pb.DeleteEngagementRequest, context: Any) -> pb.DeleteEngagementResponse:  # noqa: N802
        """Deletes an engagement softly."""

        def run(tx: Transaction) -> pb.DeleteEngagementResponse:
            engagement, token = delete_engagement(tx, request.engagement_id, request.etag)
            message = convert.engagement_message(engagement)
            return pb.DeleteEngagementResponse(engagement=message, change_token=token.encode())

        return self._edge.write(context, request, run)
