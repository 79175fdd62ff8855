"""The CDNOW sample: real sales of 2,357 customers, and what the package `lifetimes` reckons of them.

The package is wanted for its files alone and is not imported.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

OBSERVED_UNTIL = datetime(1997, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Purchase:
    """A line of the sample: who bought when and for how many cents."""

    customer: int
    day: date
    items: int
    cents: int


@dataclass(frozen=True)
class Summary:
    """What the package reckons of a customer, in weeks and dollars with two decimals."""

    frequency: int
    recency_weeks: Decimal
    age_weeks: Decimal
    monetary_value: Decimal


def purchases() -> Iterator[Purchase]:
    """The sales of the sample, all 18 months of them."""
    for line in (_folder() / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        _, customer, day, items, dollars = line.split()
        bought = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
        yield Purchase(int(customer), bought, int(items), int(Decimal(dollars) * 100))


def summaries() -> dict[int, Summary]:
    """The package's summary of each customer over the sales until OBSERVED_UNTIL."""
    file = _folder() / "cdnow_customers_summary_with_transactions.csv"
    with file.open(encoding="ascii", newline="") as text:
        return {
            int(row["ID"]): Summary(int(row["x"]), Decimal(row["t_x"]), Decimal(row["T"]), Decimal(row["zbar"]))
            for row in csv.DictReader(text)
        }


def _folder() -> Path:
    found = find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "datasets"
