"""FollowChanges over the wire: who gets what, what is refused, and how a stream ends."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from patronage.customers.v1 import change_feed_pb2 as pb
from patronage.customers.v1 import change_feed_pb2_grpc as grpc_pb
from services.customers.access import ACCESS
from services.customers.domain.feed import FeedBatch
from services.customers.operations.create_customer import create_customer
from services.customers.operations.feed_pace import End
from services.customers.operations.follow_changes import ChangeFeed
from services.customers.servicer.change_feed import ChangeFeedServicer
from services.runtime.database import Database, TenantScope
from services.runtime.server import ServiceRegistration, SuiteServer, build_server
from services.runtime.settings import ServiceSettings
from services.runtime.tokens_jwt import issue_token
from tests.fixtures.databases import ServiceDatabase
from tests.integration.customers.feed_setup import feed_of

SECRET = "a secret of the tests that is long enough"
OTHER_EPOCH = "AVsiZSIsIiIsImxvZyIsMSwwXQ"
WITHIN_S = 60
Call = Any  # of FollowChangesResponse; the stubs of grpc have no name for it


class WatchedFeed(ChangeFeed):
    """Says when a stream has ended."""

    ended = threading.Event()

    def follow_changes(self, company_id: str, after_cursor: str, batch_size: int, end: End) -> Iterator[FeedBatch]:
        try:
            yield from ChangeFeed.follow_changes(self, company_id, after_cursor, batch_size, end)
        finally:
            self.ended.set()


@dataclass
class Served:
    server: SuiteServer
    feed: WatchedFeed
    stub: grpc_pb.ChangeFeedServiceStub
    runtime: Database

    def follow(self, company_id: str, *, scope: str = "feed:read", **request: Any) -> Call:
        token = issue_token(SECRET, "matching", "", company_id, [scope])
        metadata = (("authorization", f"Bearer {token}"),)
        return self.stub.FollowChanges(pb.FollowChangesRequest(**request), metadata=metadata, timeout=WITHIN_S)

    def create(self, company_id: str, name: str) -> str:
        with self.runtime.transaction(TenantScope(company_id)) as tx:
            return create_customer(tx, {"name": name}, "ALLOW").customer.customer_id


@pytest.fixture
def served(customers_database: ServiceDatabase) -> Iterator[Served]:
    settings = ServiceSettings.model_validate(
        {"database_url": customers_database.runtime_url, "plaintext": True, "token_secret": SECRET}
    )
    runtime = Database(customers_database.runtime_url, application_name="runtime")
    runtime.epoch = "the epoch of the test"
    with feed_of(customers_database) as made:
        feed = WatchedFeed(made.database, made.bell)
        feed.ended.clear()
        registration = ServiceRegistration(
            "patronage.customers.v1.ChangeFeedService",
            lambda server: grpc_pb.add_ChangeFeedServiceServicer_to_server(ChangeFeedServicer(feed), server),
        )
        server = build_server(settings, services=[registration], access=ACCESS)
        with server, grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield Served(server, feed, grpc_pb.ChangeFeedServiceStub(channel), runtime)
    runtime.close()


def names(response: pb.FollowChangesResponse) -> list[str]:
    return [change.customer.name for change in response.changes]


def reason_of(call: Call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        next(call)
    status = rpc_status.from_call(cast(grpc.Call, raised.value))
    info = error_details_pb2.ErrorInfo()
    assert status is not None
    assert status.details[0].Unpack(info)
    return raised.value.code(), info.reason


def test_a_service_for_all_companies_gets_the_changes_of_all(served: Served) -> None:
    served.create("acme", "Ada")
    served.create("other", "Bob")
    assert names(next(served.follow("*"))) == ["Ada", "Bob"]


def test_a_token_of_one_company_gets_only_its_changes(served: Served) -> None:
    served.create("acme", "Ada")
    served.create("other", "Bob")
    call = served.follow("acme")
    assert names(next(call)) == ["Ada"]
    served.create("other", "Ben")
    served.create("acme", "Ann")
    assert next(names(response) for response in call if response.changes) == ["Ann"]


def test_a_change_carries_the_whole_customer(served: Served) -> None:
    customer_id = served.create("acme", "Ada")
    [change] = next(served.follow("*")).changes
    assert (change.company_id, change.revision, change.kind) == ("acme", 1, pb.CHANGE_KIND_SNAPSHOT)
    assert (change.customer.customer_id, change.customer.company_id) == (customer_id, "acme")
    assert change.customer.etag


def test_a_stream_needs_the_scope(served: Served) -> None:
    denied = (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
    assert reason_of(served.follow("acme", scope="customers:read")) == denied


def test_a_cursor_that_is_none_is_a_wrong_field(served: Served) -> None:
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert reason_of(served.follow("*", after_cursor="garbage")) == invalid


def test_a_cursor_of_another_epoch_is_out_of_range(served: Served) -> None:
    expired = (grpc.StatusCode.OUT_OF_RANGE, "CURSOR_EXPIRED")
    assert reason_of(served.follow("*", after_cursor=OTHER_EPOCH)) == expired


def test_a_cursor_of_one_company_cannot_be_used_by_another(served: Served) -> None:
    cursor = next(served.follow("acme")).cursor
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert reason_of(served.follow("other", after_cursor=cursor)) == invalid


def test_a_stream_whose_client_goes_away_ends(served: Served) -> None:
    call = served.follow("*")
    next(call)
    call.cancel()
    assert served.feed.ended.wait(WITHIN_S)


def test_a_stream_ends_at_once_when_the_server_drains(served: Served) -> None:
    call = served.follow("*")
    next(call)
    served.server.stop(grace=WITHIN_S)
    assert all(response.is_checkpoint for response in call)
    assert call.code() is grpc.StatusCode.OK
