"""The whole service over the wire: it follows a feed, records, reads, waits, refuses."""

import math
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import money_pb2

from patronage.analytics.v1 import metrics_service_pb2 as metrics_pb
from patronage.analytics.v1 import sales_service_pb2 as sales_pb
from services.runtime import health_probe
from services.runtime.freshness import ChangeToken
from services.runtime.ids import new_id
from tests.fixtures.databases import ServiceDatabase
from tests.integration.analytics.fake_feed import FakeFeed, customer, settings
from tests.integration.analytics.service import LONG_S, NOON, Service, credentials, failure_of, sale_request

ME = credentials()


@pytest.fixture
def feed() -> Iterator[FakeFeed]:
    fake = FakeFeed()
    yield fake
    fake.stop()


@pytest.fixture
def service(analytics_database: ServiceDatabase, feed: FakeFeed) -> Iterator[Service]:
    with Service(analytics_database, feed.target) as running:
        yield running


def metrics(service: Service, customer_id: str, fresh: str = "") -> metrics_pb.CustomerMetrics:
    request = metrics_pb.GetCustomerMetricsRequest(customer_id=customer_id, at_least_as_fresh=fresh)
    return service.metrics.GetCustomerMetrics(request, metadata=ME, timeout=LONG_S).metrics


def test_a_sale_right_after_the_create_of_its_customer_waits_for_it(service: Service, feed: FakeFeed) -> None:
    amina = new_id()
    fresh = feed.send(customer(amina), settings("Africa/Nairobi"), snapshot_done=True)
    request = sale_request(amina, "s-1", units=25, at_least_as_fresh=fresh)
    answer = service.sales.RecordSale(request, metadata=ME, timeout=LONG_S)
    assert answer.recorded
    assert answer.sale.origin_customer_id == amina
    assert answer.sale.status == sales_pb.SALE_STATUS_COMPLETED
    assert answer.sale.sale_time == Timestamp(seconds=int(NOON.timestamp()))
    assert metrics(service, amina).totals[0].total_spent == money_pb2.Money(currency_code="KES", units=25)


def test_figures_follow_a_merge_and_its_undo(service: Service, feed: FakeFeed) -> None:
    amina, brian = new_id(), new_id()
    fresh = feed.send(customer(amina), customer(brian, name="Brian"), snapshot_done=True)
    for number, buyer in enumerate([amina, brian]):
        request = sale_request(buyer, f"s-{number}", at_least_as_fresh=fresh)
        service.sales.RecordSale(request, metadata=ME, timeout=LONG_S)
    fresh = feed.send(customer(amina, 2, into=brian), customer(brian, 2, name="Brian"))
    merged = metrics(service, amina, fresh)
    assert (merged.customer_id, merged.name, merged.total_purchases) == (brian, "Brian", 2)
    assert merged.is_repeat_customer
    repeat = service.metrics.ListRepeatCustomers(metrics_pb.ListRepeatCustomersRequest(), metadata=ME)
    assert ([one.customer_id for one in repeat.customers], repeat.total_size) == ([brian], 1)
    sales = service.sales.ListSales(sales_pb.ListSalesRequest(customer_id=amina), metadata=ME)
    assert {sale.origin_customer_id for sale in sales.sales} == {amina, brian}
    assert sales.summaries[0].total_sales == 2
    fresh = feed.send(customer(amina, 3), customer(brian, 3))
    assert [metrics(service, one, fresh).total_purchases for one in (amina, brian)] == [1, 1]
    asked = metrics_pb.GetCompanySummaryRequest(at_least_as_fresh=fresh)
    summary = service.metrics.GetCompanySummary(asked, metadata=ME, timeout=LONG_S)
    assert (summary.total_customers, summary.buying_customers, summary.repeat_customers) == (2, 2, 0)
    assert summary.age_seconds < LONG_S


def test_the_follower_carries_the_service_token_and_resumes_at_its_cursor(
    analytics_database: ServiceDatabase, feed: FakeFeed
) -> None:
    amina = new_id()
    with Service(analytics_database, feed.target) as first:
        cursor, metadata = feed.asked.get(timeout=LONG_S)
        assert cursor == ""
        assert metadata["authorization"].startswith("Bearer ")
        metrics(first, amina, feed.send(customer(amina), snapshot_done=True))
    with Service(analytics_database, feed.target):
        assert feed.asked.get(timeout=LONG_S)[0] == "e1 110"


def test_a_restored_database_is_followed_from_the_start_and_what_it_lost_is_gone(
    service: Service, feed: FakeFeed
) -> None:
    kept, lost = new_id(), new_id()
    fresh = feed.send(customer(kept, 50), customer(lost, 50), snapshot_done=True)
    service.sales.RecordSale(sale_request(lost, "s-1", at_least_as_fresh=fresh), metadata=ME, timeout=LONG_S)
    feed.restore("e2")
    assert [feed.asked.get(timeout=LONG_S)[0] for _ in range(3)] == ["", "e1 110", ""]
    feed.send(customer(kept, 7, name="Amina of the backup"))
    fresh = feed.send(snapshot_done=True)
    assert metrics(service, kept, fresh).name == "Amina of the backup"
    with pytest.raises(grpc.RpcError) as refused:
        metrics(service, lost)
    assert failure_of(refused.value)[:2] == (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND")
    summary = service.metrics.GetCompanySummary(metrics_pb.GetCompanySummaryRequest(), metadata=ME)
    assert (summary.total_customers, summary.revenue[0].total_sales) == (1, 1)


def test_a_change_that_cannot_be_read_is_parked_and_the_others_are_applied(service: Service, feed: FakeFeed) -> None:
    amina, strange = new_id(), new_id()
    fresh = feed.send(customer(strange, state=99), customer(amina))
    assert metrics(service, amina, fresh).customer_id == amina
    with pytest.raises(grpc.RpcError):
        metrics(service, strange, fresh)


def test_the_service_starts_and_answers_while_customers_is_away(analytics_database: ServiceDatabase) -> None:
    with Service(analytics_database) as service:
        assert health_probe.is_serving(service.target, "patronage.analytics.v1.SalesService")
        answer = service.sales.ListSales(sales_pb.ListSalesRequest(), metadata=ME)
        assert list(answer.sales) == []
        assert math.isinf(answer.age_seconds) or answer.age_seconds < LONG_S


@pytest.mark.usefixtures("early_answers")
def test_a_read_that_is_not_yet_fresh_says_so_before_its_deadline(service: Service) -> None:
    future = ChangeToken("e1", 10**9).encode()
    request = metrics_pb.GetCompanySummaryRequest(at_least_as_fresh=future)
    with pytest.raises(grpc.RpcError) as refused:
        service.metrics.GetCompanySummary(request, metadata=ME, timeout=30)
    assert failure_of(refused.value)[:2] == (grpc.StatusCode.UNAVAILABLE, "NOT_YET_FRESH")


def test_every_bad_field_of_a_sale_is_named_with_its_path(service: Service) -> None:
    sale = sales_pb.Sale(total_amount=money_pb2.Money(currency_code="JPY", nanos=1), lines=[sales_pb.SaleLine()])
    request = sales_pb.RecordSaleRequest(sale=sale, at_least_as_fresh="?")
    with pytest.raises(grpc.RpcError) as refused:
        service.sales.RecordSale(request, metadata=ME)
    code, reason, _, fields = failure_of(refused.value)
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert fields == [
        "at_least_as_fresh",
        "customer_id",
        "sale.sale_id",
        "sale.total_amount.nanos",
        "sale.lines[0].product",
    ]


def test_a_conflict_is_refused_with_the_sale_and_what_differs(service: Service, feed: FakeFeed) -> None:
    amina = new_id()
    fresh = feed.send(customer(amina))
    service.sales.RecordSale(sale_request(amina, "s-1", at_least_as_fresh=fresh), metadata=ME, timeout=LONG_S)
    with pytest.raises(grpc.RpcError) as refused:
        service.sales.RecordSale(sale_request(amina, "s-1", units=11), metadata=ME)
    code, reason, metadata, _ = failure_of(refused.value)
    assert (code, reason) == (grpc.StatusCode.ALREADY_EXISTS, "SALE_CONFLICT")
    assert metadata == {"sale_id": "s-1", "differs": "total_amount"}


def test_a_repeated_request_id_answers_with_the_first_result(service: Service, feed: FakeFeed) -> None:
    amina = new_id()
    fresh = feed.send(customer(amina))
    request = sale_request(amina, "s-1", at_least_as_fresh=fresh, request_id=new_id())
    first = service.sales.RecordSale(request, metadata=ME, timeout=LONG_S)
    assert service.sales.RecordSale(request, metadata=ME, timeout=LONG_S) == first
    assert first.recorded


def test_another_companys_token_finds_nothing_of_this_one(service: Service, feed: FakeFeed) -> None:
    amina = new_id()
    fresh = feed.send(customer(amina))
    service.sales.RecordSale(sale_request(amina, "s-1", at_least_as_fresh=fresh), metadata=ME, timeout=LONG_S)
    them = credentials("other")
    answers = []
    for customer_id in (amina, new_id(), "nobody"):
        with pytest.raises(grpc.RpcError) as refused:
            service.sales.RecordSale(sale_request(customer_id, "s-1"), metadata=them)
        code, reason, metadata, _ = failure_of(refused.value)
        answers.append((code, reason, refused.value.details(), set(metadata)))
    assert answers[0] == answers[1] == answers[2]
    assert not service.sales.ListSales(sales_pb.ListSalesRequest(), metadata=them).sales


def test_reading_and_writing_ask_for_their_scopes(service: Service) -> None:
    reader, writer = credentials(scopes=("analytics:read",)), credentials(scopes=("analytics:write",))
    for call in (
        lambda: service.sales.RecordSale(sale_request(new_id(), "s-1"), metadata=reader),
        lambda: service.sales.ListSales(sales_pb.ListSalesRequest(), metadata=writer),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert failure_of(refused.value)[:2] == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
