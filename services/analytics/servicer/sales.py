"""SalesService: records sales and lists them."""

from collections.abc import Callable
from datetime import datetime

import grpc

from patronage.analytics.v1 import sales_service_pb2 as pb
from patronage.analytics.v1 import sales_service_pb2_grpc
from services.analytics.convert.sales import sale_input, sale_message, summaries
from services.analytics.convert.times import instant_input
from services.analytics.domain.questions import SalesQuestion, sales_question
from services.analytics.domain.sale_rules import checked_sale
from services.analytics.domain.sales import NewSale
from services.analytics.operations.list_sales import list_sales
from services.analytics.operations.record_sale import record_sale
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.waiting import FollowedChanges


class SalesServicer(sales_service_pb2_grpc.SalesServiceServicer):
    """The sales of a company."""

    def __init__(self, edge: Edge, followed: FollowedChanges, clock: Callable[[], datetime]) -> None:
        self._edge = edge
        self._followed = followed
        self._clock = clock

    def RecordSale(  # noqa: N802 - the name of the RPC
        self, request: pb.RecordSaleRequest, context: grpc.ServicerContext
    ) -> pb.RecordSaleResponse:
        """Records a sale once."""
        check, now = FieldCheck(), self._clock()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = checked_sale(check, request.customer_id, sale_input(request), now)
        self._followed.wait(token, context)
        return self._edge.write(context, request, lambda tx: _recorded(tx, asked, now))

    def ListSales(  # noqa: N802 - the name of the RPC
        self, request: pb.ListSalesRequest, context: grpc.ServicerContext
    ) -> pb.ListSalesResponse:
        """Lists sales."""
        check = FieldCheck()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        asked = _question(check, request)
        self._followed.wait(token, context)
        age_seconds = self._followed.age_s()
        return self._edge.read(context, lambda tx: _listed(tx, asked, age_seconds))


def _recorded(tx: Transaction, asked: NewSale, now: datetime) -> pb.RecordSaleResponse:
    recorded = record_sale(tx, asked, now)
    return pb.RecordSaleResponse(sale=sale_message(recorded.sale), recorded=recorded.now)


def _listed(tx: Transaction, asked: SalesQuestion, age_seconds: float) -> pb.ListSalesResponse:
    page = list_sales(tx, asked)
    return pb.ListSalesResponse(
        sales=[sale_message(sale) for sale in page.sales],
        next_page_token=page.next_page_token,
        summaries=summaries(page.sums),
        age_seconds=age_seconds,
    )


def _question(check: FieldCheck, request: pb.ListSalesRequest) -> SalesQuestion:
    return sales_question(
        check,
        customer_id=request.customer_id,
        sold_from=instant_input(request.sold_from) if request.HasField("sold_from") else None,
        sold_before=instant_input(request.sold_before) if request.HasField("sold_before") else None,
        page_size=request.page_size,
        page_token=request.page_token,
    )
