"""CustomerService: the states of a record."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import states_pb2 as states_pb
from services.customers.convert.customer import customer_message
from services.customers.operations.deactivate_customer import deactivate_customer
from services.customers.operations.delete_customer import delete_customer
from services.customers.operations.reactivate_customer import reactivate_customer
from services.customers.operations.undelete_customer import undelete_customer
from services.customers.servicer.edged import Edged
from services.runtime.access import require_scope
from services.runtime.caller import caller_of
from services.runtime.database import Transaction


class States(Edged):
    """Deletes, brings back, takes out of use and into use."""

    def DeleteCustomer(self, request: pb.DeleteCustomerRequest, context: Any) -> pb.DeleteCustomerResponse:  # noqa: N802
        """Deletes a customer softly."""
        if request.force:
            require_scope(caller_of(context), "customers:force")

        def run(tx: Transaction) -> pb.DeleteCustomerResponse:
            customer, token = delete_customer(
                tx, request.customer_id, request.etag, request.reason, force=request.force
            )
            message = customer_message(tx.scope.company_id, customer.shown)
            return pb.DeleteCustomerResponse(customer=message, change_token=token.encode())

        return self._edge.write(context, request, run)

    def UndeleteCustomer(  # noqa: N802
        self, request: states_pb.UndeleteCustomerRequest, context: Any
    ) -> states_pb.UndeleteCustomerResponse:
        """Brings a deleted customer back."""

        def run(tx: Transaction) -> states_pb.UndeleteCustomerResponse:
            back = undelete_customer(
                tx,
                request.customer_id,
                request.etag,
                request.reason,
                allow_duplicates=request.allow_duplicates,
            )
            return states_pb.UndeleteCustomerResponse(
                customer=customer_message(tx.scope.company_id, back.changed.after.shown),
                duplicate_ids=sorted({hit.customer_id for hit in back.duplicates}),
                change_token=back.changed.token.encode(),
            )

        return self._edge.write(context, request, run)

    def DeactivateCustomer(  # noqa: N802
        self, request: states_pb.DeactivateCustomerRequest, context: Any
    ) -> states_pb.DeactivateCustomerResponse:
        """Takes a customer out of use."""

        def run(tx: Transaction) -> states_pb.DeactivateCustomerResponse:
            changed = deactivate_customer(tx, request.customer_id, request.etag, request.reason)
            message = customer_message(tx.scope.company_id, changed.after.shown)
            return states_pb.DeactivateCustomerResponse(customer=message, change_token=changed.token.encode())

        return self._edge.write(context, request, run)

    def ReactivateCustomer(  # noqa: N802
        self, request: states_pb.ReactivateCustomerRequest, context: Any
    ) -> states_pb.ReactivateCustomerResponse:
        """Takes a customer into use again."""

        def run(tx: Transaction) -> states_pb.ReactivateCustomerResponse:
            changed = reactivate_customer(tx, request.customer_id, request.etag, request.reason)
            message = customer_message(tx.scope.company_id, changed.after.shown)
            return states_pb.ReactivateCustomerResponse(customer=message, change_token=changed.token.encode())

        return self._edge.write(context, request, run)
