"""CustomerService: search."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import search_pb2 as pb
from services.customers.convert.search import mode_of, result_message
from services.customers.operations.search_customers import search_customers
from services.customers.servicer.edged import Edged
from services.runtime.caller import caller_of
from services.runtime.database import Reader


class Search(Edged):
    """Searches customers."""

    def SearchCustomers(self, request: pb.SearchCustomersRequest, context: Any) -> pb.SearchCustomersResponse:  # noqa: N802
        """Finds the customers that fit some words best."""
        company_id = caller_of(context).company_id

        def run(reader: Reader) -> pb.SearchCustomersResponse:
            results, more = search_customers(reader, request.query, mode_of(request), request.limit)
            return pb.SearchCustomersResponse(
                results=[result_message(company_id, result) for result in results], truncated=more
            )

        return self._edge.look_up(context, run)
