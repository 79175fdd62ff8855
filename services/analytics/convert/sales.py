"""Sales: messages to values and back."""

from collections.abc import Iterable

from patronage.analytics.v1 import sales_service_pb2 as pb
from services.analytics.convert.money import decimal, money, money_input
from services.analytics.convert.times import instant_input, timestamp
from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.sale_rules import LineInput, SaleInput
from services.analytics.domain.sales import Sale, SaleLine


def sale_input(request: pb.RecordSaleRequest) -> SaleInput | None:
    """The sale as a request says it; None where it says none."""
    if not request.HasField("sale"):
        return None
    sale = request.sale
    return SaleInput(
        sale_id=sale.sale_id,
        total=money_input(sale.total_amount) if sale.HasField("total_amount") else None,
        lines=[_line_input(line) for line in sale.lines],
        payment_method=sale.payment_method,
        sale_time=instant_input(sale.sale_time) if sale.HasField("sale_time") else None,
    )


def _line_input(line: pb.SaleLine) -> LineInput:
    return LineInput(
        product=line.product,
        quantity=line.quantity.value if line.HasField("quantity") else None,
        amount=money_input(line.amount) if line.HasField("amount") else None,
    )


def sale_message(sale: Sale) -> pb.Sale:
    """The message of a stored sale."""
    return pb.Sale(
        sale_id=sale.sale_id,
        origin_customer_id=sale.origin_customer_id,
        total_amount=money(sale.total),
        lines=[_line_message(line) for line in sale.lines],
        payment_method=sale.payment_method,
        sale_time=timestamp(sale.sale_time),
        status=pb.SaleStatus.Value(f"SALE_STATUS_{sale.status}"),
        create_time=timestamp(sale.create_time),
    )


def _line_message(line: SaleLine) -> pb.SaleLine:
    return pb.SaleLine(
        product=line.product,
        quantity=decimal(line.quantity),
        amount=money(line.amount) if line.amount else None,
    )


def summaries(sums: Iterable[CurrencyTotal]) -> list[pb.SalesSummary]:
    """The messages of sums, one for each currency."""
    return [
        pb.SalesSummary(total_sales=one.purchases, total_amount=money(one.total), average_amount=money(one.average))
        for one in sums
    ]
