"""Puts the analytics service together: its database, its gRPC services and its follower."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from patronage.analytics.v1 import metrics_service_pb2, sales_service_pb2
from patronage.analytics.v1.metrics_service_pb2_grpc import add_MetricsServiceServicer_to_server
from patronage.analytics.v1.sales_service_pb2_grpc import add_SalesServiceServicer_to_server
from services.analytics.access import ACCESS
from services.analytics.follower import FOLLOWER, customers_follower
from services.analytics.servicer.freshness import Freshness
from services.analytics.servicer.metrics import MetricsServicer
from services.analytics.servicer.sales import SalesServicer
from services.analytics.settings import AnalyticsSettings
from services.analytics.upkeep import Upkeep
from services.runtime.database import Database
from services.runtime.edge import Edge
from services.runtime.server import Background, ServiceRegistration, serve
from services.runtime.service_channel import channel

NAME = "patronage-analytics"
_FOLLOWER_CONNECTIONS = 2


def registrations(
    database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[ServiceRegistration]:
    """The gRPC services on a database."""
    edge, freshness = Edge(database), Freshness(database, FOLLOWER)
    sales, metrics = SalesServicer(edge, freshness, clock), MetricsServicer(edge, freshness, clock)
    return [
        ServiceRegistration(
            sales_service_pb2.DESCRIPTOR.services_by_name["SalesService"].full_name,
            lambda server: add_SalesServiceServicer_to_server(sales, server),
        ),
        ServiceRegistration(
            metrics_service_pb2.DESCRIPTOR.services_by_name["MetricsService"].full_name,
            lambda server: add_MetricsServiceServicer_to_server(metrics, server),
        ),
    ]


def run(settings: AnalyticsSettings) -> int:
    """Serves until told to stop; answers the exit code."""
    database = Database(
        settings.database_url.get_secret_value(),
        application_name=NAME,
        max_size=settings.workers + _FOLLOWER_CONNECTIONS,
    )
    upkeep = _upkeep_database(settings)
    try:
        background = _background(settings, database, upkeep)
        return serve(
            settings,
            services=registrations(database),
            access=ACCESS,
            background=background,
            ready=lambda: _answers(database),
        )
    finally:
        database.close()
        if upkeep is not None:
            upkeep.close()


def _background(settings: AnalyticsSettings, database: Database, upkeep: Database | None) -> Sequence[Background]:
    follower = customers_follower(database, channel(settings.customers, settings))
    return [follower, Upkeep(upkeep)] if upkeep is not None else [follower]


def _upkeep_database(settings: AnalyticsSettings) -> Database | None:
    if settings.upkeep_database_url is None:
        return None
    return Database(settings.upkeep_database_url.get_secret_value(), application_name=f"{NAME}-upkeep", max_size=1)


def _answers(database: Database) -> bool:
    with database.connection() as connection:
        return connection.execute("SELECT true").fetchone() is not None
