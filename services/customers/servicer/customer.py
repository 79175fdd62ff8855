"""CustomerService."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import customer_service_pb2_grpc as grpc_pb
from services.customers.convert import customer as convert
from services.customers.convert.customer_metrics import found_with_metrics, with_metrics
from services.customers.convert.duplicates import duplicate_action, hit_messages
from services.customers.operations.create_customer import create_customer
from services.customers.operations.get_customer import batch_get_customers, get_customer
from services.customers.operations.get_customer_with_metrics import get_customer_with_metrics
from services.customers.operations.guard import may_change
from services.customers.operations.update_customer import update_customer
from services.customers.servicer.bulk import Bulk
from services.customers.servicer.lifecycle import Lifecycle
from services.customers.servicer.listing import Listing
from services.customers.servicer.lookup import Lookup
from services.customers.servicer.preferences import Preferences
from services.customers.servicer.search import Search
from services.customers.servicer.states import States
from services.customers.servicer.tags import Tags
from services.customers.servicer.timeline import Timeline
from services.runtime.access import require_scope
from services.runtime.caller import caller_of
from services.runtime.database import Transaction


class CustomerServicer(
    Bulk, States, Lifecycle, Tags, Lookup, Listing, Search, Preferences, Timeline, grpc_pb.CustomerServiceServicer
):
    """The customer records of the caller's company."""

    def CreateCustomer(self, request: pb.CreateCustomerRequest, context: Any) -> pb.CreateCustomerResponse:  # noqa: N802
        """Creates a customer."""
        draft = convert.draft_of(request.customer)
        action = duplicate_action(request.on_duplicate, default="")

        def run(tx: Transaction) -> pb.CreateCustomerResponse:
            created = create_customer(tx, draft, action, note=request.note)
            if not may_change(tx.scope, created.customer.own):
                require_scope(caller_of(context), "customers:read")
            return pb.CreateCustomerResponse(
                customer=convert.customer_message(tx.scope.company_id, created.customer.shown),
                created=created.created,
                duplicates=hit_messages(created.duplicates),
                change_token=created.token.encode(),
            )

        return self._edge.write(context, request, run)

    def GetCustomer(self, request: pb.GetCustomerRequest, context: Any) -> pb.GetCustomerResponse:  # noqa: N802
        """Reads one customer."""
        company_id = caller_of(context).company_id
        if with_metrics(request.view):
            return self._edge.read(
                context,
                lambda tx: found_with_metrics(company_id, get_customer_with_metrics(tx, request.customer_id)),
            )
        return self._edge.look_up(
            context, lambda reader: convert.found_message(company_id, get_customer(reader, request.customer_id))
        )

    def BatchGetCustomers(self, request: pb.BatchGetCustomersRequest, context: Any) -> pb.BatchGetCustomersResponse:  # noqa: N802
        """Reads several customers."""
        company_id = caller_of(context).company_id

        def run(tx: Transaction) -> pb.BatchGetCustomersResponse:
            found, missing = batch_get_customers(tx, list(request.customer_ids))
            customers = [convert.found_message(company_id, one) for one in found]
            return pb.BatchGetCustomersResponse(customers=customers, missing_ids=missing)

        return self._edge.read(context, run)

    def UpdateCustomer(self, request: pb.UpdateCustomerRequest, context: Any) -> pb.UpdateCustomerResponse:  # noqa: N802
        """Changes a customer."""
        draft = convert.draft_of(request.customer)
        paths = convert.update_paths(request.customer, request.update_mask.paths)

        def run(tx: Transaction) -> pb.UpdateCustomerResponse:
            customer, token = update_customer(tx, request.customer_id, draft, paths, request.customer.etag)
            message = convert.customer_message(tx.scope.company_id, customer.shown)
            return pb.UpdateCustomerResponse(customer=message, change_token=token.encode())

        return self._edge.write(context, request, run)
