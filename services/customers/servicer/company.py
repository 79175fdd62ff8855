"""CompanyService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import company_service_pb2 as pb
from patronage.customers.v1 import company_service_pb2_grpc as grpc_pb
from services.customers.convert import company as convert
from services.customers.operations.get_company import get_company
from services.customers.operations.update_company_settings import update_company_settings
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Edge


class CompanyServicer(grpc_pb.CompanyServiceServicer):
    """The caller's company."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def GetCompany(self, request: pb.GetCompanyRequest, context: Any) -> pb.GetCompanyResponse:  # noqa: N802
        """Reads the settings."""

        def run(tx: Transaction) -> pb.GetCompanyResponse:
            company, token = get_company(tx)
            return pb.GetCompanyResponse(company=convert.company_message(company.shown), change_token=token.encode())

        return self._edge.read(context, run)

    def UpdateCompanySettings(  # noqa: N802
        self, request: pb.UpdateCompanySettingsRequest, context: Any
    ) -> pb.UpdateCompanySettingsResponse:
        """Changes settings."""
        changes, policy = convert.changes_of(request.settings), convert.policy_of(request.settings)

        def run(tx: Transaction) -> pb.UpdateCompanySettingsResponse:
            company, token = update_company_settings(tx, changes, policy)
            return pb.UpdateCompanySettingsResponse(
                company=convert.company_message(company.shown), change_token=token.encode()
            )

        return self._edge.write(context, request, run)

    def WhoAmI(self, request: pb.WhoAmIRequest, context: Any) -> pb.WhoAmIResponse:  # noqa: N802
        """Says who the caller is."""
        caller = caller_of(context)
        return pb.WhoAmIResponse(
            subject=caller.subject, name=caller.name, company_id=caller.company_id, scopes=sorted(caller.scopes)
        )
