"""One company of a suite whose parts are killed: its stubs, and how its caller repeats what was not answered."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import grpc
import psycopg
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from patronage.analytics.v1 import (
    metrics_service_pb2,
    metrics_service_pb2_grpc,
    overview_pb2_grpc,
    sales_service_pb2_grpc,
)
from patronage.customers.v1 import (
    activity_service_pb2_grpc,
    change_feed_pb2_grpc,
    company_service_pb2,
    company_service_pb2_grpc,
    conversation_service_pb2_grpc,
    customer_pb2,
    customer_service_pb2,
    customer_service_pb2_grpc,
    engagement_service_pb2_grpc,
    import_export_service_pb2_grpc,
    note_service_pb2_grpc,
)
from patronage.matching.v1 import (
    matching_service_pb2,
    matching_service_pb2_grpc,
    merge_service_pb2_grpc,
    review_service_pb2_grpc,
)
from services.local.failures import ProcessFailedError
from services.local.locks import FileLock
from services.local.postgres import Postgres
from services.local.suite import POSTGRES, SERVICES, Suite
from services.wire.call_details import CallDetails

T = TypeVar("T")
LONG_S = 120.0
"""Far more than anything takes, also on a machine that has no time: who waits so long waits for what never comes."""
CALL_S = 60.0
LOOK_AGAIN_S = 0.02
# A service that is back is found again at once: what is tested is the service, not the patience of a channel.
OPTIONS = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)]
SESSIONS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = %s AND usename = ANY(%s) AND application_name <> 'faults'
"""


class _Token(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Puts the company's token on each call, and a deadline on those that are no streams.

    A stream waits for its service, which may have been found away a moment ago; a call is told so.
    """

    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._signed(details, details.timeout or CALL_S, wait_for_ready=None), request)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._signed(details, details.timeout), request)

    def intercept_stream_stream(self, continuation: Any, details: Any, request_iterator: Any) -> Any:
        return continuation(self._signed(details, details.timeout), request_iterator)

    def _signed(self, details: Any, timeout: float | None, wait_for_ready: bool | None = True) -> CallDetails:
        metadata = (*(details.metadata or ()), *self._metadata)
        return CallDetails(details.method, timeout, metadata, None, wait_for_ready, None)


class Company:
    """Stubs for one company."""

    def __init__(self, suite: Suite, company_id: str) -> None:
        self.suite = suite
        self.id = company_id
        self._opened = [grpc.insecure_channel(suite.context()[name], options=OPTIONS) for name in SERVICES]
        token = _Token(suite.token(company_id))
        customers, matching, analytics = (grpc.intercept_channel(channel, token) for channel in self._opened)
        self.customers = customer_service_pb2_grpc.CustomerServiceStub(customers)
        self.notes = note_service_pb2_grpc.NoteServiceStub(customers)
        self.activities = activity_service_pb2_grpc.ActivityServiceStub(customers)
        self.engagements = engagement_service_pb2_grpc.EngagementServiceStub(customers)
        self.talks = conversation_service_pb2_grpc.ConversationServiceStub(customers)
        self.settings = company_service_pb2_grpc.CompanyServiceStub(customers)
        self.imports = import_export_service_pb2_grpc.ImportExportServiceStub(customers)
        self.feed = change_feed_pb2_grpc.ChangeFeedServiceStub(customers)
        self.matching = matching_service_pb2_grpc.MatchingServiceStub(matching)
        self.merges = merge_service_pb2_grpc.MergeServiceStub(matching)
        self.reviews = review_service_pb2_grpc.ReviewServiceStub(matching)
        self.sales = sales_service_pb2_grpc.SalesServiceStub(analytics)
        self.metrics = metrics_service_pb2_grpc.MetricsServiceStub(analytics)
        self.overviews = overview_pb2_grpc.OverviewServiceStub(analytics)

    def close(self) -> None:
        """Close every channel."""
        for channel in self._opened:
            channel.close()

    def everything(self) -> str:
        """A change token that covers all that was committed."""
        return insist(self.settings.GetCompany, company_service_pb2.GetCompanyRequest()).change_token

    def wait_for_followers(self) -> str:
        """Wait until both followers have passed all that was committed; gives the token."""
        token = self.everything()
        insist(self.metrics.GetCompanySummary, metrics_service_pb2.GetCompanySummaryRequest(at_least_as_fresh=token))
        insist(self.matching.MatchRecord, record(token))
        return token


def record(token: str = "") -> matching_service_pb2.MatchRecordRequest:
    """A question for a record that nobody has; with a token it waits for the follower."""
    asked = matching_service_pb2.MatchRecordRequest(at_least_as_fresh=token)
    asked.record.name = "Nobody Known"
    return asked


@contextmanager
def company_of(suite: Suite, company_id: str) -> Iterator[Company]:
    """A company whose channels are closed at the end."""
    company = Company(suite, company_id)
    try:
        yield company
    finally:
        company.close()


def start_together(suite: Suite, names: Sequence[str]) -> None:
    """Starts services at the same time; returns when all of them serve."""
    for name in names:
        suite.services[name].start()
    for name in names:
        suite.services[name].wait_until_serving()


def make_whole(suite: Suite) -> None:
    """Starts whatever does not run, and waits until the services have found each other again.

    A service that a failed test had asked to stop is started once it has ended.
    """
    try:
        psycopg.connect(admin_url(suite)).close()
    except psycopg.OperationalError:
        suite.kill(POSTGRES)
        suite.start(POSTGRES)
    try:
        start_together(suite, SERVICES)
    except ProcessFailedError:
        start_together(suite, SERVICES)
    with company_of(suite, "whole") as company:
        draft = customer_pb2.Customer(name="Whole")  # what is to be followed anew, by who has found customers
        insist(company.customers.CreateCustomer, customer_service_pb2.CreateCustomerRequest(customer=draft))
        company.wait_for_followers()


def admin_url(suite: Suite, service: str = "") -> str:
    """The superuser's URL of a service's database."""
    assert isinstance(suite.postgres, Postgres)
    return suite.postgres.admin_url(f"patronage_{service}" if service else "postgres")


def kill_wholly(suite: Suite, name: str) -> None:
    """Kills a part and waits until nothing goes on of what it was at: a commit that PostgreSQL had been sent by a
    service, or that a process of PostgreSQL was about to make, is made or never will be."""
    suite.kill(name)
    if name != POSTGRES:
        until(lambda: not _sessions(suite, name), f"the sessions of {name} end")
        return
    server = FileLock(suite.data_dir / "server.lock")  # which each process of the server holds
    assert server.acquire(LONG_S), "processes of a killed PostgreSQL do not end"
    server.release()


def _sessions(suite: Suite, service: str) -> int:
    roles = [f"{service}_{role}" for role in ("runtime", "feed", "upkeep")]
    with psycopg.connect(admin_url(suite)) as connection:
        row = connection.execute(SESSIONS, (f"patronage_{service}", roles)).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def held(suite: Suite, service: str, sql: str, *parameters: Any) -> Iterator[psycopg.Connection]:
    """What a statement locks in the database of a service stays locked until the block ends, however it ends."""
    connection = psycopg.connect(admin_url(suite, service))
    try:
        connection.execute(cast(Any, sql), parameters)
        yield connection
    finally:
        connection.close()


def insist(call: Callable[[Any], T], request: Any, within_s: float = LONG_S) -> T:
    """The answer in the end: the same request again for as long as the failure says that it may be repeated."""
    end = time.monotonic() + within_s
    while True:
        try:
            return call(request)
        except grpc.RpcError as error:
            if time.monotonic() > end or not may_be_repeated(error):
                raise
        threading.Event().wait(LOOK_AGAIN_S)


def until(
    condition: Callable[[], T | None],
    what: str | Callable[[], str],
    within_s: float = LONG_S,
    at_work: Iterable[Future[Any]] = (),
) -> T:
    """What the condition gives once it is true; fails when that takes too long, or as who works for it has failed."""
    end = time.monotonic() + within_s
    while not (found := condition()):
        for one in at_work:
            if one.done():
                one.result()
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what if isinstance(what, str) else what()}"
        threading.Event().wait(LOOK_AGAIN_S)
    return found


def may_be_repeated(error: grpc.RpcError) -> bool:
    """Whether the service is away, or says itself that the call may be repeated."""
    return retry_delay(error) is not None or (code_of(error) is grpc.StatusCode.UNAVAILABLE and not reason_of(error))


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    """The status of a failed call."""
    return cast(grpc.Call, error).code()


def reason_of(error: grpc.RpcError) -> str:
    """The machine-readable reason of a failed call; empty where no service answered."""
    info = error_details_pb2.ErrorInfo()
    return info.reason if _unpacked(error, info) else ""


def retry_delay(error: grpc.RpcError) -> float | None:
    """After how many seconds the call may be repeated, where the failure says so."""
    info = error_details_pb2.RetryInfo()
    return info.retry_delay.ToTimedelta().total_seconds() if _unpacked(error, info) else None


def _unpacked(error: grpc.RpcError, into: Any) -> bool:
    status = rpc_status.from_call(cast(Any, error))
    return status is not None and any(detail.Unpack(into) for detail in status.details)
