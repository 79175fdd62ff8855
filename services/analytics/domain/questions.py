"""What is asked of this service, checked: every field that is wrong is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from services.analytics.domain.instants import InstantInput, checked_instant
from services.analytics.domain.loyalty import LEAST_REPEAT_PURCHASES
from services.analytics.domain.sales import SaleStatus
from services.money.currencies import DECIMALS
from services.runtime.failures import FieldCheck

MOST_A_PAGE = 1000
MOST_CUSTOMERS = 500


@dataclass(frozen=True, slots=True)
class MetricsQuestion:
    """The figures of a customer, with days counted to a time."""

    customer_id: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class RepeatCustomersQuestion:
    """A page of the customers with so many purchases or more, with days counted to a time."""

    least_purchases: int
    as_of: datetime
    page_size: int
    page_token: str

    def identity(self) -> dict[str, Any]:
        """What a page token is bound to."""
        return {"list": "repeat customers", "least_purchases": self.least_purchases}


@dataclass(frozen=True, slots=True)
class SalesQuestion:
    """A page of the sales of a customer, or of all where it is empty, from and before a time, of some statuses."""

    customer_id: str
    sold_from: datetime | None
    sold_before: datetime | None
    page_size: int
    page_token: str
    statuses: tuple[SaleStatus, ...] = ()

    def identity(self) -> dict[str, Any]:
        """What a page token is bound to."""
        return {
            "list": "sales",
            "statuses": sorted(self.statuses),
            "customer_id": self.customer_id,
            "sold_from": self.sold_from,
            "sold_before": self.sold_before,
        }


class MetricsOrder(StrEnum):
    """In which order customers who bought are listed."""

    MOST_PURCHASES = "MOST_PURCHASES"
    MOST_SPENT = "MOST_SPENT"
    LAST_PURCHASE = "LAST_PURCHASE"


@dataclass(frozen=True, slots=True)
class MetricsListQuestion:
    """A page of the customers who bought; an empty currency is the company's own."""

    order: MetricsOrder
    currency: str
    as_of: datetime
    page_size: int
    page_token: str

    def identity(self) -> dict[str, Any]:
        """What a page token is bound to."""
        return {"list": "customer metrics", "order": self.order.value}


@dataclass(frozen=True, slots=True)
class Interval:
    """A time from and before; None is no bound."""

    begin: datetime | None = None
    end: datetime | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether it leaves anything out."""
        return self.begin is not None or self.end is not None

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The bounds, with times beyond every sale where there is none."""
        return self.begin or EARLIEST, self.end or LATEST


@dataclass(frozen=True, slots=True)
class Who:
    """Whose moves count: those who came in a way, and with a tag; empty is everyone."""

    source: str = ""
    tag: str = ""


class Period(StrEnum):
    """The length of a period of a trend, as PostgreSQL's date_trunc names it."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def interval(
    check: FieldCheck, begin: InstantInput | None, end: InstantInput | None, names: tuple[str, str]
) -> Interval:
    """The interval; what is wrong with it is noted under the names of its bounds."""
    start, stop = checked_instant(begin, check, names[0]), checked_instant(end, check, names[1])
    if start and stop:
        check.require(start <= stop, names[1], f"must not be before {names[0]}")
    return Interval(start, stop)


def metrics_list_question(
    check: FieldCheck,
    *,
    order: MetricsOrder,
    currency: str,
    as_of: InstantInput | None,
    page_size: int,
    page_token: str,
    now: datetime,
) -> MetricsListQuestion:
    """The question, or FieldsInvalid with what was noted before and what is wrong here."""
    checked_currency(check, currency)
    by_spent = order is MetricsOrder.MOST_SPENT
    check.require(by_spent or not currency, "currency", "must be absent unless the order is MOST_SPENT")
    counted_to = checked_instant(as_of, check, "as_of_time")
    _page_size(check, page_size)
    check.raise_if_any()
    return MetricsListQuestion(order, currency, counted_to or now, page_size, page_token)


def batch_question(
    check: FieldCheck, customer_ids: Sequence[str], as_of: InstantInput | None, now: datetime
) -> datetime:
    """The time for which the figures of several customers are asked, or FieldsInvalid with what is wrong."""
    check.require(1 <= len(customer_ids) <= MOST_CUSTOMERS, "customer_ids", f"must be 1 to {MOST_CUSTOMERS}")
    counted_to = checked_instant(as_of, check, "as_of_time")
    check.raise_if_any()
    return counted_to or now


def checked_currency(check: FieldCheck, currency: str) -> None:
    """Notes a currency that is not one of ISO 4217; absent is good."""
    check.require(not currency or currency in DECIMALS, "currency", "must be a currency code of ISO 4217")


@dataclass(frozen=True, slots=True)
class ParkedSalesQuestion:
    """A page of the sales that wait for their customer."""

    page_size: int
    page_token: str

    def identity(self) -> dict[str, Any]:
        """What a page token is bound to."""
        return {"list": "parked sales"}


def parked_sales_question(page_size: int, page_token: str) -> ParkedSalesQuestion:
    """The question, or FieldsInvalid with what is wrong."""
    check = FieldCheck()
    _page_size(check, page_size)
    check.raise_if_any()
    return ParkedSalesQuestion(page_size, page_token)


def metrics_question(check: FieldCheck, customer_id: str, as_of: InstantInput | None, now: datetime) -> MetricsQuestion:
    """The question, or FieldsInvalid with what was noted before and what is wrong here."""
    check.require(customer_id, "customer_id", "is required")
    counted_to = checked_instant(as_of, check, "as_of_time")
    check.raise_if_any()
    return MetricsQuestion(customer_id, counted_to or now)


def repeat_customers_question(
    check: FieldCheck,
    *,
    min_purchases: int,
    as_of: InstantInput | None,
    page_size: int,
    page_token: str,
    now: datetime,
) -> RepeatCustomersQuestion:
    """The question, or FieldsInvalid with what was noted before and what is wrong here."""
    least = min_purchases or LEAST_REPEAT_PURCHASES
    enough = least >= LEAST_REPEAT_PURCHASES
    check.require(enough, "min_purchases", f"must be {LEAST_REPEAT_PURCHASES} or more")
    counted_to = checked_instant(as_of, check, "as_of_time")
    _page_size(check, page_size)
    check.raise_if_any()
    return RepeatCustomersQuestion(least, counted_to or now, page_size, page_token)


def sales_question(
    check: FieldCheck,
    *,
    customer_id: str,
    sold_from: InstantInput | None,
    sold_before: InstantInput | None,
    page_size: int,
    page_token: str,
    statuses: tuple[SaleStatus, ...],
) -> SalesQuestion:
    """The question, or FieldsInvalid with what was noted before and what is wrong here."""
    start = checked_instant(sold_from, check, "sold_from")
    end = checked_instant(sold_before, check, "sold_before")
    if start and end:
        check.require(start <= end, "sold_before", "must not be before sold_from")
    _page_size(check, page_size)
    check.raise_if_any()
    return SalesQuestion(customer_id.lower(), start, end, page_size, page_token, statuses)


def _page_size(check: FieldCheck, page_size: int) -> None:
    check.require(page_size >= 0, "page_size", f"must be between 0 and {MOST_A_PAGE:,}")
