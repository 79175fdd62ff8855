"""Demo sales owns the part of the demo that records sales and shows who comes back."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console

from patronage.analytics.v1 import metrics_service_pb2 as pb
from services.cli.client import Client
from services.cli.demo_merge import now, record_sale
from services.cli.shown import money, table


def record_sales(client: Client, customer_ids: Sequence[str]) -> None:
    """Record a few sales for each customer: more for some than for others, the same in each run."""
    for place, customer_id in enumerate(customer_ids):
        for number in range(place * 7 % 5):
            record_sale(client, customer_id, Decimal(1999 + 1315 * number + 275 * place).scaleb(-2))


def show_sales(client: Client, console: Console) -> None:
    """Print repeat customers and the figures of the company."""
    fresh = now(client)
    repeat = client.metrics.ListRepeatCustomers(pb.ListRepeatCustomersRequest(page_size=10, at_least_as_fresh=fresh))
    rows = [
        (
            metrics.name,
            metrics.total_purchases,
            ", ".join(money(total.total_spent) for total in metrics.totals),
            pb.RepeatFrequency.Name(metrics.repeat_frequency).removeprefix("REPEAT_FREQUENCY_").lower(),
            metrics.days_since_last_purchase,
        )
        for metrics in repeat.customers
    ]
    title = f"5. Repeat customers, {len(rows)} of {repeat.total_size}"
    console.print(table(title, ("name", "purchases", "spent", "frequency", "days since"), rows))
    summary = client.metrics.GetCompanySummary(pb.GetCompanySummaryRequest(at_least_as_fresh=fresh))
    figures: list[tuple[str, object]] = [
        ("customers", summary.total_customers),
        ("persons", summary.persons),
        ("businesses", summary.organizations),
        ("who bought", summary.buying_customers),
        ("repeat customers", summary.repeat_customers),
        ("repeat %", summary.repeat_percentage.value),
    ]
    for revenue in summary.revenue:
        figures.append(("sales", revenue.total_sales))
        figures.append(("revenue", money(revenue.total_revenue)))
        figures.append(("revenue a customer", money(revenue.average_customer_value)))
    console.print(table("6. The company", ("figure", "value"), figures))
