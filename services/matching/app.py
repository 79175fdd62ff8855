"""The matching service put together: its servicers, its follower, its worker for scans, its upkeep."""

from functools import partial
from typing import Any

from patronage.analytics.v1 import metrics_service_pb2_grpc
from patronage.customers.v1 import change_feed_pb2_grpc, merge_storage_service_pb2_grpc
from patronage.matching.v1 import matching_service_pb2_grpc as matching_grpc
from patronage.matching.v1 import merge_service_pb2_grpc as merge_grpc
from patronage.matching.v1.review_service_pb2_grpc import add_ReviewServiceServicer_to_server
from services.matching.access import ACCESS
from services.matching.follower.conversation_worker import ConversationWorker
from services.matching.follower.customers_calls import CustomersCalls, CustomersStubs
from services.matching.follower.customers_feed import FOLLOWER, customers_follower
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.judging import Search
from services.matching.operations.knowledge import KnownCompanies
from services.matching.operations.resolve_conversation import Resolving
from services.matching.operations.run_scan import Limits
from services.matching.scan_worker import ScanWorker
from services.matching.servicer.conversations import Talking
from services.matching.servicer.matching import MatchingServicer, Searching
from services.matching.servicer.merge import MergeServicer
from services.matching.servicer.review import ReviewServicer
from services.matching.servicer.sales_look import SalesLook
from services.matching.settings import MatchingSettings, of_sibling
from services.matching.upkeep import Upkeep
from services.runtime.app import App
from services.runtime.database import Database
from services.runtime.edge import Edge
from services.runtime.server import ServiceRegistration
from services.runtime.service_channel import channel, nobodys_channel, on_behalf
from services.runtime.siblings import Siblings
from services.runtime.waiting import FollowedChanges, remaining_s

NAMES = (
    "patronage.matching.v1.MatchingService",
    "patronage.matching.v1.MergeService",
    "patronage.matching.v1.ReviewService",
)


def build_app(settings: MatchingSettings) -> App:
    """Put the service together. It starts and answers whether or not customers is there."""
    if settings.processes > 1:
        settings = settings.model_copy(update={"share_port": True})
    url = settings.database_url.get_secret_value()
    database = Database(url, application_name="matching", max_size=settings.workers + 8)
    upkeep = Database(settings.upkeep_database_url.get_secret_value(), application_name="matching upkeep", max_size=3)
    customers = channel(settings.customers, settings)
    worker = ScanWorker(database, upkeep, url, Limits(settings.scan_memory_mib << 20, settings.scan_threads))
    known = KnownCompanies(database)
    searching = Searching(
        Search(database, known),
        CompanyRegions(database),
        FollowedChanges(database, FOLLOWER),
        FOLLOWER,
        settings.key_cap,
    )
    resolving = Resolving(database, searching.search, searching.regions, settings.key_cap, FOLLOWER)
    conversations = ConversationWorker(resolving, upkeep, customers)
    follower = customers_follower(
        database, change_feed_pb2_grpc.ChangeFeedServiceStub(customers), talked=conversations.wake
    )
    callers = nobodys_channel(settings.customers, settings)
    talking = Talking(resolving, searching.followed, partial(_on_behalf, CustomersStubs(callers)))
    matching = MatchingServicer(Edge(database), searching, worker.wake, talking)
    analytics = nobodys_channel(settings.analytics, settings) if settings.analytics else None
    sales = SalesLook(metrics_service_pb2_grpc.MetricsServiceStub(analytics) if analytics else None)
    merges = MergeServicer(Edge(database), merge_storage_service_pb2_grpc.MergeStorageServiceStub(customers), sales)
    reviews = ReviewServicer(Edge(database), searching.followed, merges)
    background = (follower, worker, conversations, Upkeep(database, upkeep, known, settings.key_cap, FOLLOWER))
    return App(
        settings,
        ACCESS,
        services=(
            ServiceRegistration(
                NAMES[0],
                lambda server: matching_grpc.add_MatchingServiceServicer_to_server(matching, server),
            ),
            ServiceRegistration(NAMES[1], lambda server: merge_grpc.add_MergeServiceServicer_to_server(merges, server)),
            ServiceRegistration(NAMES[2], lambda server: add_ReviewServiceServicer_to_server(reviews, server)),
        ),
        background=() if settings.sibling else background,
        databases=(database, upkeep),
        channels=(customers, callers, analytics) if analytics else (customers, callers),
        siblings=Siblings(settings.processes - 1, partial(of_sibling, settings), settings.drain_seconds),
    )


def _on_behalf(stubs: CustomersStubs, context: Any) -> CustomersCalls:
    """Return the calls that write in customers as the caller, within the time that it waits."""
    metadata = on_behalf(context)
    return CustomersCalls(stubs, lambda _: metadata, partial(remaining_s, context))
