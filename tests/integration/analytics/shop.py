"""A company for tests: tells of its customers as the feed would, sells to them, and reads its figures."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from services.analytics.domain.figures import CompanyFigures, CurrencyTotal, CustomerMetrics
from services.analytics.domain.mirror import CompanyChange, CustomerChange, CustomerState, PartyType, Told
from services.analytics.domain.money import Amount
from services.analytics.domain.questions import (
    Interval,
    MetricsListQuestion,
    MetricsOrder,
    MetricsQuestion,
    ParkedSalesQuestion,
    RepeatCustomersQuestion,
    SalesQuestion,
)
from services.analytics.domain.refund_rules import NewRefund
from services.analytics.domain.sale_outcomes import Outcome
from services.analytics.domain.sales import ExternalReference, NewSale, Sale, SaleLine, SaleStatus
from services.analytics.operations.apply_changes import apply_changes
from services.analytics.operations.get_company_summary import get_company_summary
from services.analytics.operations.get_customer_metrics import get_customer_metrics
from services.analytics.operations.list_customer_metrics import (
    MetricsPage,
    RepeatCustomersPage,
    list_customer_metrics,
    list_repeat_customers,
)
from services.analytics.operations.list_sales import SalesPage, list_sales
from services.analytics.operations.parked_sales import ParkedSalesPage, discard_parked_sale, list_parked_sales
from services.analytics.operations.record_sales import record_sale, record_sales
from services.analytics.operations.refund_sale import Refunded, refund_sale
from services.analytics.operations.void_sale import void_sale
from services.analytics.store.recount import Drift, drift
from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.ids import new_id

T = TypeVar("T")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONG_S = 60.0


@dataclass
class Shop:
    """A company: tells of its customers, sells to them, and reads its figures."""

    database: Database
    company_id: str
    epoch: str = "e1"
    generation: int = 1
    revisions: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> TenantScope:
        return TenantScope(self.company_id, actor="till")

    def tell(self, *told: Told) -> None:
        with self.database.transaction(self.scope) as tx:
            apply_changes(tx, self.epoch, self.generation, told)

    def change(
        self,
        customer_id: str,
        *,
        state: CustomerState = CustomerState.ACTIVE,
        into: str | None = None,
        name: str = "Amina",
        party_type: PartyType = PartyType.PERSON,
        revision: int | None = None,
        external_ids: tuple[ExternalReference, ...] = (),
    ) -> CustomerChange:
        into = into or self.links.get(customer_id)
        self.revisions[customer_id] = self.revisions.get(customer_id, 0) + 1
        return CustomerChange(
            customer_id=customer_id,
            revision=revision or self.revisions[customer_id],
            name=name,
            state=CustomerState.MERGED if into else state,
            party_type=party_type,
            merged_into=into,
            external_ids=external_ids,
        )

    def customer(self, name: str = "Amina", party_type: PartyType = PartyType.PERSON) -> str:
        customer_id = new_id()
        self.tell(self.change(customer_id, name=name, party_type=party_type))
        return customer_id

    def merge(self, source: str, target: str) -> None:
        self.links[source] = target
        self.tell(self.change(source), self.change(target))

    def undo(self, source: str, target: str) -> None:
        del self.links[source]
        self.tell(self.change(source), self.change(target))

    def settings(self, time_zone: str, revision: int = 1) -> None:
        self.tell(CompanyChange(revision=revision, currency="KES", time_zone=time_zone))

    def sell(self, sale: NewSale, now: datetime = NOON, *, park: bool = False) -> Outcome:
        with self.database.transaction(self.scope) as tx:
            return record_sale(tx, sale, now, park=park)

    def sell_many(self, *sales: NewSale, park: bool = False) -> list[Outcome]:
        with self.database.transaction(self.scope) as tx:
            return record_sales(tx, sales, NOON, park=park)

    def refund(
        self, sale_id: str, refund_id: str = "r-1", minor: int | None = None, items: str | None = None, **more: Any
    ) -> Refunded:
        amount = None if minor is None else Amount(minor, more.pop("currency", "KES"))
        quantity = None if items is None else Decimal(items)
        about = {"reason": "", "refund_time": None, **more}
        with self.database.transaction(self.scope) as tx:
            return refund_sale(tx, NewRefund(sale_id, refund_id, amount, quantity, **about), NOON)

    def void(self, sale_id: str, reason: str = "a mistake") -> Sale:
        with self.database.transaction(self.scope) as tx:
            return void_sale(tx, sale_id, reason, NOON)

    def parked(self, page_size: int = 20, page_token: str = "") -> ParkedSalesPage:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return list_parked_sales(tx, ParkedSalesQuestion(page_size, page_token))

    def discard(self, sale_id: str) -> None:
        with self.database.transaction(self.scope) as tx:
            discard_parked_sale(tx, sale_id)

    def metrics(self, customer_id: str, as_of: datetime = NOON) -> CustomerMetrics:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return get_customer_metrics(tx, MetricsQuestion(customer_id, as_of))

    def repeat_customers(self, least: int = 2, page_size: int = 20, page_token: str = "") -> RepeatCustomersPage:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return list_repeat_customers(tx, RepeatCustomersQuestion(least, NOON, page_size, page_token))

    def sales(
        self,
        customer_id: str = "",
        *,
        sold_from: datetime | None = None,
        sold_before: datetime | None = None,
        page_size: int = 20,
        page_token: str = "",
        statuses: tuple[SaleStatus, ...] = (),
    ) -> SalesPage:
        asked = SalesQuestion(customer_id, sold_from, sold_before, page_size, page_token, statuses)
        with self.database.transaction(self.scope, read_only=True) as tx:
            return list_sales(tx, asked)

    def summary(self, begin: datetime | None = None, end: datetime | None = None) -> CompanyFigures:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return get_company_summary(tx, Interval(begin, end))

    def most(self, order: MetricsOrder, currency: str = "", page_size: int = 20, page_token: str = "") -> MetricsPage:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return list_customer_metrics(tx, MetricsListQuestion(order, currency, NOON, page_size, page_token))

    def ask(self, question: Callable[[Transaction], T]) -> T:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return question(tx)

    def drift(self) -> list[Drift]:
        with self.database.transaction(self.scope, read_only=True) as tx:
            return drift(tx)


def sale(
    customer_id: str,
    sale_id: str = "",
    minor: int = 1000,
    currency: str = "KES",
    lines: tuple[SaleLine, ...] = (),
    days_ago: int = 0,
    payment_method: str = "cash",
    external: ExternalReference | None = None,
) -> NewSale:
    return NewSale(
        sale_id=sale_id or new_id(),
        customer_id=customer_id,
        total=Amount(minor, currency),
        lines=lines,
        payment_method=payment_method,
        sale_time=NOON - timedelta(days=days_ago),
        external=external,
    )


def kes(purchases: int, minor: int) -> CurrencyTotal:
    return CurrencyTotal(purchases, Amount(minor, "KES"))


def until_someone_waits(shop: Shop) -> None:
    """Until a transaction waits for a lock of another one."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    give_up, tick = time.monotonic() + LONG_S, threading.Event()
    with shop.database.connection() as connection:
        while connection.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < give_up, "nothing waits for the open transaction"
            tick.wait(0.002)
