"""CustomerService: lists."""

from __future__ import annotations

from typing import Any

from patronage.customers.v1 import listing_pb2 as pb
from services.customers.convert.listing import page_message, question_of
from services.customers.convert.lookup import signs_message
from services.customers.domain.listing import HIDDEN_STATES
from services.customers.operations.customer_signs import customer_signs
from services.customers.operations.list_customers import list_customers
from services.customers.servicer.edged import Edged
from services.runtime.access import require_scope
from services.runtime.caller import caller_of
from services.runtime.database import Transaction


class Listing(Edged):
    """Lists customers."""

    def ListCustomers(self, request: pb.ListCustomersRequest, context: Any) -> pb.ListCustomersResponse:  # noqa: N802
        """Lists customers."""
        question = question_of(request)
        if HIDDEN_STATES & set(question.states):
            require_scope(caller_of(context), "customers:read:deleted")

        def run(tx: Transaction) -> pb.ListCustomersResponse:
            page = list_customers(
                tx,
                question,
                page_size=request.page_size,
                page_token=request.page_token,
                skip=request.skip,
                count_exactly=request.count_exactly,
            )
            response = page_message(tx.scope.company_id, page, request.view)
            if request.include_signs:
                signs = customer_signs(tx, [customer.customer_id for customer in response.customers])
                response.signs.extend(signs_message(one) for one in signs)
            return response

        return self._edge.read(context, run)
