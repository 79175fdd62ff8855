"""CustomerService: customers by ids of other systems, and looks at a record."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import lookup_pb2 as pb
from patronage.customers.v1 import views_pb2 as views_pb
from services.customers.convert import lookup as convert
from services.customers.operations.lookup_customers import lookup_customers
from services.customers.operations.record_view import record_view
from services.customers.servicer.edged import Edged
from services.runtime.database import Transaction


class Lookup(Edged):
    """Finds customers by external ids and counts who is looked at."""

    def LookupCustomers(self, request: pb.LookupCustomersRequest, context: Any) -> pb.LookupCustomersResponse:  # noqa: N802
        """Finds customers by their ids in other systems."""
        wanted = convert.external_ids_of(request)

        def run(tx: Transaction) -> pb.LookupCustomersResponse:
            return convert.lookup_message(tx.scope.company_id, *lookup_customers(tx, wanted))

        return self._edge.read(context, run)

    def RecordView(self, request: views_pb.RecordViewRequest, context: Any) -> views_pb.RecordViewResponse:  # noqa: N802
        """Counts that somebody looked at a record."""

        def run(tx: Transaction) -> views_pb.RecordViewResponse:
            views, token = record_view(tx, request.customer_id)
            return views_pb.RecordViewResponse(views=convert.views_message(views), change_token=token.encode())

        return self._edge.write(context, request, run)
