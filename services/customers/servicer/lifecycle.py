"""CustomerService: the stages of a customer's life with the company."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import lifecycle_pb2 as pb
from services.customers.convert import lifecycle as convert
from services.customers.convert.customer import customer_message
from services.customers.operations.change_lifecycle_stage import change_lifecycle_stage
from services.customers.operations.list_lifecycle_history import list_lifecycle_history
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction


class Lifecycle(Edged):
    """Moves customers between stages and lists the moves."""

    def ChangeLifecycleStage(  # noqa: N802
        self, request: pb.ChangeLifecycleStageRequest, context: Any
    ) -> pb.ChangeLifecycleStageResponse:
        """Moves a customer to another stage."""
        stage = convert.stage_of(request.stage)

        def run(tx: Transaction) -> pb.ChangeLifecycleStageResponse:
            changed = change_lifecycle_stage(tx, request.customer_id, stage, request.reason, request.etag)
            return pb.ChangeLifecycleStageResponse(
                customer=customer_message(tx.scope.company_id, changed.after.shown),
                previous_stage=convert.stage_number(changed.before.view["lifecycle_stage"]),
                change_token=changed.token.encode(),
            )

        return self._edge.write(context, request, run)

    def ListLifecycleHistory(  # noqa: N802
        self, request: pb.ListLifecycleHistoryRequest, context: Any
    ) -> pb.ListLifecycleHistoryResponse:
        """Lists the stages that a customer was in."""

        def run(tx: Transaction) -> pb.ListLifecycleHistoryResponse:
            page = list_lifecycle_history(
                tx, request.customer_id, page_size=request.page_size, page_token=request.page_token
            )
            return pb.ListLifecycleHistoryResponse(
                periods=[convert.period_message(period) for period in page.periods],
                next_page_token=page.next_page_token,
                total_size=page.total_size,
            )

        return self._edge.read(context, run)
