"""The analytics service in this process, with clients for it."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import grpc
from google.rpc import error_details_pb2
from google.type import money_pb2
from grpc_status import rpc_status

from patronage.analytics.v1 import metrics_service_pb2_grpc, sales_service_pb2
from patronage.analytics.v1 import sales_service_pb2_grpc as sales_grpc
from services.analytics.app import build_app
from services.analytics.settings import AnalyticsSettings
from services.runtime.tokens_jwt import issue_token
from tests.fixtures.databases import ServiceDatabase

SECRET = "a secret that is long enough for HS256"
NOBODY_THERE = "127.0.0.1:1"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONG_S = 90.0


def credentials(
    company_id: str = "acme", scopes: tuple[str, ...] = ("analytics:read", "analytics:write")
) -> tuple[tuple[str, str], ...]:
    token = issue_token(SECRET, "till", "The till", company_id, scopes)
    return (("authorization", f"Bearer {token}"),)


class Service:
    """Serves from `with` on, and follows the customers service at a target."""

    def __init__(self, database: ServiceDatabase, customers: str = NOBODY_THERE) -> None:
        self._settings = AnalyticsSettings.model_validate(
            {
                "database_url": database.runtime_url,
                "upkeep_database_url": database.upkeep_url,
                "customers": customers,
                "plaintext": True,
                "token_secret": SECRET,
                "service_token": issue_token(SECRET, "analytics", "", "*", ["feed:read"]),
            }
        )
        self._open = ExitStack()

    def __enter__(self) -> "Service":
        app = build_app(self._settings, clock=lambda: NOON)
        self._open.callback(app.close)
        server = self._open.enter_context(app.server())
        for work in app.background:
            work.start()
            self._open.callback(work.stop)
        self.target = f"127.0.0.1:{server.port}"
        channel = self._open.enter_context(grpc.insecure_channel(self.target))
        self.sales = sales_grpc.SalesServiceStub(channel)
        self.metrics = metrics_service_pb2_grpc.MetricsServiceStub(channel)
        self.databases = app.databases
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def sale_request(customer_id: str, sale_id: str, units: int = 10, **more: Any) -> sales_service_pb2.RecordSaleRequest:
    total = money_pb2.Money(currency_code="KES", units=units)
    sale = sales_service_pb2.Sale(sale_id=sale_id, total_amount=total, payment_method="cash")
    return sales_service_pb2.RecordSaleRequest(customer_id=customer_id, sale=sale, **more)


def failure_of(error: grpc.RpcError) -> tuple[grpc.StatusCode, str, Mapping[str, str], list[str]]:
    """The code, the reason, its metadata, and the bad fields."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    fields = [violation.field for violation in bad.field_violations]
    return error.code(), info.reason, dict(info.metadata), fields
