"""Reads what a whole company has: its customers by frequency, and its revenue."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.domain.figures import CurrencyTotal
from services.analytics.domain.money import Amount
from services.runtime.database import Transaction

CUSTOMERS = """
SELECT width_bucket(purchases, %s::bigint[]) AS band, active, organization, count(*) AS customers
FROM root_figures WHERE company_id = app_company() AND listed
GROUP BY 1, 2, 3
"""
REVENUE = """
SELECT currency, sum(purchases)::bigint AS purchases, sum(total_minor) AS total_minor
FROM company_totals WHERE company_id = app_company() GROUP BY currency HAVING sum(purchases) > 0 ORDER BY currency
"""


@dataclass(frozen=True, slots=True)
class CustomerCount:
    """How many listed customers are alike; `band` counts from 1, the first of the least purchases given."""

    band: int
    active: bool
    organization: bool
    customers: int


def customers(tx: Transaction, least_purchases: Sequence[int]) -> list[CustomerCount]:
    """The customers that show, by band of purchases, activity and kind."""
    return [CustomerCount(**row) for row in tx.rows(CUSTOMERS, (list(least_purchases),))]


def revenue(tx: Transaction) -> list[CurrencyTotal]:
    """All sales of the company, by currency."""
    return [
        CurrencyTotal(row["purchases"], Amount(int(row["total_minor"]), row["currency"])) for row in tx.rows(REVENUE)
    ]
