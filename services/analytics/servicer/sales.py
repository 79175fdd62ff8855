"""SalesService: records sales, takes them back, and lists them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import grpc

from patronage.analytics.v1 import sales_service_pb2 as pb
from patronage.analytics.v1 import sales_service_pb2_grpc
from services.analytics.convert import sale_batches
from services.analytics.convert.sales import (
    asked_message,
    customer_input,
    entry_message,
    refund_input,
    sale_input,
    sale_message,
    statuses,
    summaries,
)
from services.analytics.convert.times import instant_input, timestamp
from services.analytics.domain.questions import (
    ParkedSalesQuestion,
    SalesQuestion,
    parked_sales_question,
    sales_question,
)
from services.analytics.domain.refund_rules import LONGEST_REASON, checked_refund
from services.analytics.domain.sale_outcomes import Result
from services.analytics.domain.sale_rules import checked_sale, checked_text
from services.analytics.domain.sales import NewSale
from services.analytics.operations.list_sales import list_sales
from services.analytics.operations.parked_sales import discard_parked_sale, list_parked_sales
from services.analytics.operations.record_sales import record_sale, record_sales
from services.analytics.operations.refund_sale import refund_sale
from services.analytics.operations.void_sale import void_sale
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.failures import FieldCheck
from services.runtime.freshness import ChangeToken
from services.runtime.waiting import FollowedChanges

MOST_IN_BATCH = 500
MOST_IN_IMPORT = 2500
MOST_LINES_IN_ALL = 50_000


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
        park = _parks(request.on_unknown_customer, check)
        asked = checked_sale(check, customer_input(request), sale_input(request), now)
        self._followed.wait(token, context)
        return self._edge.write(context, request, lambda tx: _recorded(tx, asked, now, park=park))

    def BatchRecordSales(  # noqa: N802 - the name of the RPC
        self, request: pb.BatchRecordSalesRequest, context: grpc.ServicerContext
    ) -> pb.BatchRecordSalesResponse:
        """Records several sales, each once."""
        check, now = FieldCheck(), self._clock()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        park = _parks(request.on_unknown_customer, check)
        _fits(request.sales, MOST_IN_BATCH, check)
        batch = sale_batches.batch(request.sales, now)
        self._followed.wait(token, context)

        def run(tx: Transaction) -> pb.BatchRecordSalesResponse:
            outcomes = batch.messages(record_sales(tx, batch.sales, now, park=park))
            counted = sale_batches.counts_message(sale_batches.counts(outcomes))
            return pb.BatchRecordSalesResponse(outcomes=outcomes, counts=counted)

        return self._edge.write(context, request, run)

    def ImportSales(  # noqa: N802 - the name of the RPC
        self, request_iterator: Iterator[pb.ImportSalesRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.ImportSalesResponse]:
        """Records a stream of batches, each in a transaction of its own."""
        counted: Counter[str] = Counter()
        for request in request_iterator:
            yield self._imported(request, context, counted)

    def RefundSale(  # noqa: N802 - the name of the RPC
        self, request: pb.RefundSaleRequest, context: grpc.ServicerContext
    ) -> pb.RefundSaleResponse:
        """Takes back a sale in part or in whole."""
        now = self._clock()
        asked = checked_refund(FieldCheck(), request.sale_id, refund_input(request), now)

        def run(tx: Transaction) -> pb.RefundSaleResponse:
            refunded = refund_sale(tx, asked, now)
            return pb.RefundSaleResponse(sale=sale_message(refunded.sale), recorded=refunded.now)

        return self._edge.write(context, request, run)

    def VoidSale(  # noqa: N802 - the name of the RPC
        self, request: pb.VoidSaleRequest, context: grpc.ServicerContext
    ) -> pb.VoidSaleResponse:
        """Declares a sale void."""
        check, now = FieldCheck(), self._clock()
        checked_text(request.sale_id, 1, 255, check, "sale_id")
        checked_text(request.reason, 0, LONGEST_REASON, check, "reason")
        check.raise_if_any()

        def run(tx: Transaction) -> pb.VoidSaleResponse:
            return pb.VoidSaleResponse(sale=sale_message(void_sale(tx, request.sale_id, request.reason, now)))

        return self._edge.write(context, request, run)

    def ListParkedSales(  # noqa: N802 - the name of the RPC
        self, request: pb.ListParkedSalesRequest, context: grpc.ServicerContext
    ) -> pb.ListParkedSalesResponse:
        """Lists the sales that wait for their customer."""
        asked = parked_sales_question(request.page_size, request.page_token)
        return self._edge.read(context, lambda tx: _parked(tx, asked))

    def DiscardParkedSale(  # noqa: N802 - the name of the RPC
        self, request: pb.DiscardParkedSaleRequest, context: grpc.ServicerContext
    ) -> pb.DiscardParkedSaleResponse:
        """Gives up a sale that waits."""
        check = FieldCheck()
        checked_text(request.sale_id, 1, 255, check, "sale_id")
        check.raise_if_any()

        def run(tx: Transaction) -> pb.DiscardParkedSaleResponse:
            discard_parked_sale(tx, request.sale_id)
            return pb.DiscardParkedSaleResponse()

        return self._edge.write(context, request, run)

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

    def _imported(
        self, request: pb.ImportSalesRequest, context: grpc.ServicerContext, counted: Counter[str]
    ) -> pb.ImportSalesResponse:
        check, now = FieldCheck(), self._clock()
        token = ChangeToken.asked(request.at_least_as_fresh, check)
        park = _parks(request.on_unknown_customer or pb.UNKNOWN_CUSTOMER_ACTION_PARK, check)
        _fits(request.sales, MOST_IN_IMPORT, check)
        batch = sale_batches.batch(request.sales, now)
        self._followed.wait(token, context)

        def run(tx: Transaction) -> pb.ImportSalesResponse:
            return pb.ImportSalesResponse(outcomes=batch.messages(record_sales(tx, batch.sales, now, park=park)))

        response = self._edge.write(context, request, run)
        counted.update(sale_batches.counts(response.outcomes))
        response.counts.CopyFrom(sale_batches.counts_message(counted))
        return response


def _fits(sales: Sequence[pb.SaleEntry], most: int, check: FieldCheck) -> None:
    """Raises FieldsInvalid where a transaction of so many sales or lines would take too long, or for what was noted."""
    check.require(1 <= len(sales) <= most, "sales", f"must be 1 to {most:,}")
    lines = sum(len(entry.sale.lines) for entry in sales)
    check.require(lines <= MOST_LINES_IN_ALL, "sales", f"must have at most {MOST_LINES_IN_ALL:,} lines in all")
    check.raise_if_any()


def _parks(action: pb.UnknownCustomerAction.ValueType, check: FieldCheck) -> bool:
    known = action in pb.UnknownCustomerAction.values()
    check.require(known, "on_unknown_customer", "must be REFUSE or PARK")
    return action == pb.UNKNOWN_CUSTOMER_ACTION_PARK


def _recorded(tx: Transaction, asked: NewSale, now: datetime, *, park: bool) -> pb.RecordSaleResponse:
    outcome = record_sale(tx, asked, now, park=park)
    sale = sale_message(outcome.stored) if outcome.stored else asked_message(outcome.asked)
    recorded, parked = outcome.recorded, outcome.result is Result.PARKED
    return pb.RecordSaleResponse(sale=sale, recorded=recorded, parked=parked)


def _parked(tx: Transaction, asked: ParkedSalesQuestion) -> pb.ListParkedSalesResponse:
    page = list_parked_sales(tx, asked)
    return pb.ListParkedSalesResponse(
        parked_sales=[
            pb.ParkedSale(
                entry=entry_message(one.sale),
                park_time=timestamp(one.park_time),
                customer_erased=one.customer_erased,
            )
            for one in page.parked
        ],
        next_page_token=page.next_page_token,
        total_size=page.total_size,
    )


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
        statuses=statuses(request.statuses, check),
    )
