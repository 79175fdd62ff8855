"""On real sales the figures equal those of others: the package `lifetimes`, and a table made with pandas."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pandas as pd

from services.analytics.domain.money import Amount
from services.analytics.domain.sales import NewSale, SaleLine
from services.analytics.operations.company_reports import get_cohorts
from services.analytics.operations.get_customer_metrics import batch_get_customer_metrics
from services.runtime.ids import new_id
from tests.integration.analytics.cdnow import OBSERVED_UNTIL, Purchase, purchases, summaries
from tests.integration.analytics.shop import Shop

HALF_A_UNIT = Decimal("0.005")  # of the two decimals that the summary has
WEEK = 7
THAT_EVENING = OBSERVED_UNTIL + timedelta(hours=18)


def record(shop: Shop, bought: list[Purchase]) -> dict[int, str]:
    """Records the sales as those of new customers, by their numbers in the sample."""
    customers = {number: new_id() for number in sorted({one.customer for one in bought})}
    changes = [shop.change(customer_id) for customer_id in customers.values()]
    for at in range(0, len(changes), 1000):
        shop.tell(*changes[at : at + 1000])
    sales = [sale(number, one, customers[one.customer]) for number, one in enumerate(bought)]
    for at in range(0, len(sales), 2500):
        assert all(outcome.recorded for outcome in shop.sell_many(*sales[at : at + 2500]))
    return customers


def sale(number: int, one: Purchase, customer_id: str) -> NewSale:
    noon = datetime.combine(one.day, time(12), UTC)
    cds = (SaleLine("CD", Decimal(one.items), None),)
    return NewSale(f"s-{number}", customer_id, Amount(one.cents, "USD"), cds, "", noon)


def near(exact: Decimal, rounded: Decimal) -> bool:
    return abs(exact - rounded) <= HALF_A_UNIT


def test_frequency_recency_age_and_money_equal_the_summary_of_the_package(shop: Shop) -> None:
    expected = summaries()
    observed = [one for one in purchases() if one.day <= OBSERVED_UNTIL.date()]
    customers = record(shop, observed)
    assert customers.keys() == expected.keys()
    found = shop.ask(lambda tx: batch_get_customer_metrics(tx, list(customers.values()), THAT_EVENING)).found
    for number, customer_id in customers.items():
        rhythm, summary = found[customer_id].rhythm, expected[number]
        assert rhythm is not None
        cents = sum(amount.minor for amount in rhythm.repeat_totals)
        assert rhythm.repeat_days == summary.frequency
        assert near(Decimal(rhythm.recency_days) / WEEK, summary.recency_weeks)
        assert near(Decimal(rhythm.age_days) / WEEK, summary.age_weeks)
        assert near(Decimal(cents) / 100 / max(1, rhythm.repeat_days), summary.monetary_value)


def test_cohorts_equal_a_table_made_with_pandas_also_where_customers_are_merged(shop: Shop) -> None:
    bought = list(purchases())
    customers = record(shop, bought)
    numbers = sorted(customers)
    for customers_of_a_tree in (1, 3):
        root = {number: number - (number - 1) % customers_of_a_tree for number in numbers}
        shop.links = {customers[number]: customers[top] for number, top in root.items() if number != top}
        if shop.links:
            merged = [shop.change(customers[number]) for number in numbers]
            for at in range(0, len(merged), 999):
                shop.tell(*merged[at : at + 999])
        cohorts, _ = shop.ask(lambda tx: get_cohorts(tx, None, None))
        found = {(one.month, cell.month): cell.customers for one in cohorts for cell in one.cells}
        assert found == counted_with_pandas(bought, root)
        assert min(found) == (date(1997, 1, 1), date(1997, 1, 1))
    assert shop.drift() == []


def counted_with_pandas(bought: list[Purchase], root: dict[int, int]) -> dict[tuple[date, date], int]:
    """How many trees bought in a month, by the month of their first purchase and that month."""
    frame = pd.DataFrame({"root": [root[one.customer] for one in bought], "day": [one.day for one in bought]})
    frame["month"] = pd.to_datetime(frame["day"]).dt.to_period("M")
    frame["cohort"] = frame.groupby("root")["month"].transform("min")
    table = frame.groupby(["cohort", "month"])["root"].nunique()
    return {(cohort.start_time.date(), month.start_time.date()): int(n) for (cohort, month), n in table.items()}
