"""AuditService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import audit_service_pb2 as pb
from patronage.customers.v1 import audit_service_pb2_grpc as grpc_pb
from services.customers.convert import audit as convert
from services.customers.operations.list_audit_entries import list_audit_entries
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction


class AuditServicer(Edged, grpc_pb.AuditServiceServicer):
    """The audit log of the caller's company."""

    def ListAuditEntries(self, request: pb.ListAuditEntriesRequest, context: Any) -> pb.ListAuditEntriesResponse:  # noqa: N802
        """Lists entries of the audit log."""
        question = convert.question_of(request)

        def run(tx: Transaction) -> pb.ListAuditEntriesResponse:
            page = list_audit_entries(
                tx, request.customer_id, question, page_size=request.page_size, page_token=request.page_token
            )
            return pb.ListAuditEntriesResponse(
                entries=[convert.entry_message(entry) for entry in page.entries], next_page_token=page.next_page_token
            )

        return self._edge.read(context, run)
