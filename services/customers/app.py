"""The customers service put together: its databases, servicers and background work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from patronage.customers.v1 import activity_service_pb2_grpc as activity_grpc
from patronage.customers.v1 import audit_service_pb2_grpc as audit_grpc
from patronage.customers.v1 import change_feed_pb2_grpc as feed_grpc
from patronage.customers.v1 import company_service_pb2_grpc as company_grpc
from patronage.customers.v1 import conversation_service_pb2_grpc as conversation_grpc
from patronage.customers.v1 import customer_service_pb2_grpc as customer_grpc
from patronage.customers.v1 import engagement_service_pb2_grpc as engagement_grpc
from patronage.customers.v1 import import_export_service_pb2_grpc as import_grpc
from patronage.customers.v1 import merge_storage_service_pb2_grpc as merge_grpc
from patronage.customers.v1 import note_service_pb2_grpc as note_grpc
from services.customers.access import ACCESS
from services.customers.convert.duplicates import details_of
from services.customers.operations.follow_changes import ChangeFeed
from services.customers.servicer.activity import ActivityServicer
from services.customers.servicer.audit import AuditServicer
from services.customers.servicer.change_feed import ChangeFeedServicer
from services.customers.servicer.company import CompanyServicer
from services.customers.servicer.conversation import ConversationServicer
from services.customers.servicer.customer import CustomerServicer
from services.customers.servicer.engagement import EngagementServicer
from services.customers.servicer.import_export import ImportExportServicer
from services.customers.servicer.merge_storage import MergeStorageServicer
from services.customers.servicer.note import NoteServicer
from services.customers.settings import CustomersSettings
from services.customers.store.feed import bounds
from services.customers.store.feed_bell import CHANNEL, FeedBell
from services.customers.upkeep import Upkeep
from services.runtime.app import App
from services.runtime.database import Database
from services.runtime.edge import Edge, bulk_share
from services.runtime.notifier import Notifier
from services.runtime.server import Background, ServiceRegistration

_V1 = "patronage.customers.v1."


def build_app(settings: CustomersSettings) -> App:
    """The service for some settings. Upkeep runs where its URL is set."""
    database = _database(settings.database_url, "customers", settings.workers)
    feed_database = _database(settings.feed_database_url, "customers feed", settings.stream_workers)
    databases = [database, feed_database]
    bell = FeedBell(feed_database, on_connect=_renew_epoch(database, feed_database))
    notifier = Notifier(database, CHANNEL)

    def committed() -> None:
        bell.ring()
        notifier.poke()

    background: list[Background] = [bell, notifier]
    if settings.upkeep_database_url is not None:
        databases.append(_database(settings.upkeep_database_url, "customers upkeep", 1))
        background.append(Upkeep(databases[-1]))
    return App(
        settings,
        ACCESS,
        _services(Edge(database, committed, bulk_writes=bulk_share(settings.workers)), ChangeFeed(feed_database, bell)),
        background,
        databases,
        details_of=details_of,
        ready=lambda: bool(database.epoch),
    )


def _database(url: SecretStr, name: str, connections: int) -> Database:
    return Database(url.get_secret_value(), application_name=name, max_size=connections)


def _services(edge: Edge, feed: ChangeFeed) -> list[ServiceRegistration]:
    def registered(name: str, add: Callable[[Any, Any], None], servicer: object) -> ServiceRegistration:
        return ServiceRegistration(_V1 + name, lambda server: add(servicer, server))

    return [
        registered("CustomerService", customer_grpc.add_CustomerServiceServicer_to_server, CustomerServicer(edge)),
        registered("NoteService", note_grpc.add_NoteServiceServicer_to_server, NoteServicer(edge)),
        registered("ActivityService", activity_grpc.add_ActivityServiceServicer_to_server, ActivityServicer(edge)),
        registered(
            "EngagementService", engagement_grpc.add_EngagementServiceServicer_to_server, EngagementServicer(edge)
        ),
        registered(
            "ConversationService",
            conversation_grpc.add_ConversationServiceServicer_to_server,
            ConversationServicer(edge),
        ),
        registered("CompanyService", company_grpc.add_CompanyServiceServicer_to_server, CompanyServicer(edge)),
        registered("AuditService", audit_grpc.add_AuditServiceServicer_to_server, AuditServicer(edge)),
        registered(
            "ImportExportService",
            import_grpc.add_ImportExportServiceServicer_to_server,
            ImportExportServicer(edge),
        ),
        registered("ChangeFeedService", feed_grpc.add_ChangeFeedServiceServicer_to_server, ChangeFeedServicer(feed)),
        registered(
            "MergeStorageService",
            merge_grpc.add_MergeStorageServiceServicer_to_server,
            MergeStorageServicer(edge),
        ),
    ]


def _renew_epoch(database: Database, feed_database: Database) -> Callable[[], None]:
    """Learns which life of the database this is, anew with each connection: it may have been restored meanwhile."""

    def renew() -> None:
        database.epoch = bounds(feed_database).epoch

    return renew
