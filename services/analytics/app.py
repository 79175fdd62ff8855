"""Puts the analytics service together: its database, its gRPC services, its follower and its upkeep."""

from collections.abc import Callable
from datetime import UTC, datetime

from patronage.analytics.v1.metrics_service_pb2_grpc import add_MetricsServiceServicer_to_server
from patronage.analytics.v1.overview_pb2_grpc import add_OverviewServiceServicer_to_server
from patronage.analytics.v1.sales_service_pb2_grpc import add_SalesServiceServicer_to_server
from services.analytics.access import ACCESS
from services.analytics.follower import FOLLOWER, customers_follower
from services.analytics.servicer.metrics import MetricsServicer
from services.analytics.servicer.overview import OverviewServicer
from services.analytics.servicer.sales import SalesServicer
from services.analytics.settings import AnalyticsSettings
from services.analytics.upkeep import Upkeep
from services.runtime.app import App
from services.runtime.database import Database
from services.runtime.edge import Edge
from services.runtime.server import ServiceRegistration
from services.runtime.service_channel import Channel, channel, nobodys_channel
from services.runtime.waiting import FollowedChanges

NAMES = (
    "patronage.analytics.v1.SalesService",
    "patronage.analytics.v1.MetricsService",
    "patronage.analytics.v1.OverviewService",
)
_FOLLOWER_CONNECTIONS = 2


def build_app(settings: AnalyticsSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> App:
    """Put the service together. It starts and answers whether or not customers is there."""
    connections = settings.workers + _FOLLOWER_CONNECTIONS
    url = settings.database_url.get_secret_value()
    database = Database(url, application_name="analytics", max_size=connections)
    upkeep = _upkeep_database(settings)
    customers, on_behalf = channel(settings.customers, settings), nobodys_channel(settings.customers, settings)
    follower = customers_follower(database, customers)
    return App(
        settings,
        ACCESS,
        services=_services(database, clock, on_behalf),
        background=(follower, *(Upkeep(one) for one in upkeep)),
        databases=(database, *upkeep),
        channels=(customers, on_behalf),
    )


def _services(database: Database, clock: Callable[[], datetime], customers: Channel) -> tuple[ServiceRegistration, ...]:
    edge, followed = Edge(database), FollowedChanges(database, FOLLOWER)
    sales, metrics = SalesServicer(edge, followed, clock), MetricsServicer(edge, followed, clock)
    overview = OverviewServicer(edge, followed, clock, customers)
    return (
        ServiceRegistration(NAMES[0], lambda server: add_SalesServiceServicer_to_server(sales, server)),
        ServiceRegistration(NAMES[1], lambda server: add_MetricsServiceServicer_to_server(metrics, server)),
        ServiceRegistration(NAMES[2], lambda server: add_OverviewServiceServicer_to_server(overview, server)),
    )


def _upkeep_database(settings: AnalyticsSettings) -> tuple[Database, ...]:
    """None where its role has no URL: then another process keeps the database up."""
    if settings.upkeep_database_url is None:
        return ()
    url = settings.upkeep_database_url.get_secret_value()
    return (Database(url, application_name="analytics upkeep", max_size=1),)
