"""CustomerService: the timeline."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import timeline_pb2 as pb
from services.customers.convert import timeline as convert
from services.customers.convert.times import span
from services.customers.operations.list_timeline import Asked, list_timeline
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction


class Timeline(Edged):
    """What happened with a customer."""

    def ListTimeline(self, request: pb.ListTimelineRequest, context: Any) -> pb.ListTimelineResponse:  # noqa: N802
        """Lists what happened."""
        asked = Asked(
            convert.kinds_of(request), convert.event_types_of(request), *span(request), ascending=request.ascending
        )

        def run(tx: Transaction) -> pb.ListTimelineResponse:
            page = list_timeline(
                tx, request.customer_id, asked, page_size=request.page_size, page_token=request.page_token
            )
            response = pb.ListTimelineResponse(
                entries=[convert.entry_message(entry) for entry in page.entries],
                next_page_token=page.next_page_token,
                previous_page_token=page.previous_page_token,
                total_size=page.total_size,
                total_size_estimated=page.estimated,
            )
            if page.earliest is not None and page.latest is not None:
                response.earliest_time.FromDatetime(page.earliest)
                response.latest_time.FromDatetime(page.latest)
            return response

        return self._edge.read(context, run)
