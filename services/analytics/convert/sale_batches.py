"""Many sales at once: messages to values, each checked by itself, and outcomes to messages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from patronage.analytics.v1 import sales_service_pb2 as pb
from services.analytics.convert.sales import customer_input, sale_input
from services.analytics.domain.sale_outcomes import Outcome
from services.analytics.domain.sale_rules import checked_sale
from services.analytics.domain.sales import NewSale
from services.runtime.failures import FieldCheck, FieldsInvalid

PREFIX = "SALE_RESULT_"


@dataclass(frozen=True, slots=True)
class Batch:
    """The sales that are in order, and the outcomes of those that are not by their place."""

    sales: Sequence[NewSale]
    invalid: Mapping[int, pb.SaleOutcome]

    def messages(self, outcomes: Iterable[Outcome]) -> list[pb.SaleOutcome]:
        """The outcomes of all, in the order in which they were sent."""
        good = iter(outcomes)
        count = len(self.sales) + len(self.invalid)
        return [self.invalid.get(at) or _outcome_message(next(good)) for at in range(count)]


def batch(entries: Sequence[pb.SaleEntry], now: datetime) -> Batch:
    """The sales of the entries."""
    sales: list[NewSale] = []
    invalid: dict[int, pb.SaleOutcome] = {}
    for at, entry in enumerate(entries):
        try:
            sales.append(checked_sale(FieldCheck(), customer_input(entry), sale_input(entry), now))
        except FieldsInvalid as failure:
            problems = [pb.SaleProblem(field=bad.field, description=bad.description) for bad in failure.fields]
            sale_id = entry.sale.sale_id[:255]
            invalid[at] = pb.SaleOutcome(sale_id=sale_id, result=pb.SALE_RESULT_INVALID, problems=problems)
    return Batch(sales, invalid)


def counts(outcomes: Iterable[pb.SaleOutcome]) -> Counter[str]:
    """How many had which result."""
    return Counter(pb.SaleResult.Name(outcome.result).removeprefix(PREFIX).lower() for outcome in outcomes)


def counts_message(counted: Counter[str]) -> pb.SaleCounts:
    """The message of counts."""
    return pb.SaleCounts(read=counted.total(), **counted)


def _outcome_message(outcome: Outcome) -> pb.SaleOutcome:
    return pb.SaleOutcome(
        sale_id=outcome.asked.sale_id,
        result=pb.SaleResult.Value(f"{PREFIX}{outcome.result}"),
        origin_customer_id=outcome.stored.origin_customer_id if outcome.stored and not outcome.differs else "",
        problems=[_differs(field) for field in outcome.differs],
    )


def _differs(field: str) -> pb.SaleProblem:
    path = field if field == "customer_id" else f"sale.{field}"
    return pb.SaleProblem(field=path, description="differs from what was recorded under this sale id")
