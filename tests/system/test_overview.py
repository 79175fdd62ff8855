"""One read shows what customers knows of a customer and what it bought; a file has only whom one may contact."""

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.type import money_pb2

from patronage.analytics.v1 import overview_pb2 as pb
from patronage.analytics.v1 import overview_pb2_grpc, sales_service_pb2, sales_service_pb2_grpc
from patronage.customers.v1 import (
    contact_permission_pb2,
    customer_pb2,
    customer_service_pb2,
    customer_service_pb2_grpc,
    engagement_service_pb2,
    engagement_service_pb2_grpc,
    note_service_pb2,
    note_service_pb2_grpc,
    preferences_pb2,
)
from services.local.suite import Suite
from tests.faults.company import until

LONG_S = 60.0
SCOPES = ("customers:read", "customers:write", "analytics:read", "analytics:write")


class Shop:
    """A company of the test's own."""

    def __init__(self, suite: Suite, customers: grpc.Channel, analytics: grpc.Channel) -> None:
        self.suite = suite
        self.company = f"overview-{uuid.uuid4()}"
        self.customers = customer_service_pb2_grpc.CustomerServiceStub(customers)
        self.notes = note_service_pb2_grpc.NoteServiceStub(customers)
        self.engagements = engagement_service_pb2_grpc.EngagementServiceStub(customers)
        self.sales = sales_service_pb2_grpc.SalesServiceStub(analytics)
        self.overviews = overview_pb2_grpc.OverviewServiceStub(analytics)
        self.fresh = ""

    def may(self, *scopes: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.suite.token(self.company, scopes=scopes or SCOPES)}"),)

    def create(self, name: str) -> str:
        customer = customer_pb2.Customer(name=name, phone=f"+1415555{uuid.uuid4().int % 10_000:04d}")
        request = customer_service_pb2.CreateCustomerRequest(customer=customer)
        created = self.customers.CreateCustomer(request, metadata=self.may(), timeout=LONG_S)
        self.fresh = created.change_token
        return created.customer.customer_id

    def sell(self, customer_id: str) -> None:
        sale = sales_service_pb2.Sale(
            sale_id=str(uuid.uuid4()), total_amount=money_pb2.Money(currency_code="KES", units=25)
        )
        request = sales_service_pb2.RecordSaleRequest(customer_id=customer_id, sale=sale, at_least_as_fresh=self.fresh)
        self.sales.RecordSale(request, metadata=self.may(), timeout=LONG_S)

    def prefer(self, customer_id: str, **given: Any) -> None:
        request = preferences_pb2.UpdatePreferencesRequest(
            customer_id=customer_id, preferences=preferences_pb2.Preferences(**given)
        )
        self.fresh = self.customers.UpdatePreferences(request, metadata=self.may(), timeout=LONG_S).change_token

    def overview(self, customer_id: str, *scopes: str) -> pb.GetCustomerOverviewResponse:
        """An overview for which customers answered in time, which it need not on a busy machine."""
        request = pb.GetCustomerOverviewRequest(customer_id=customer_id, at_least_as_fresh=self.fresh)

        def in_time() -> pb.GetCustomerOverviewResponse | None:
            found = self.overviews.GetCustomerOverview(request, metadata=self.may(*scopes), timeout=LONG_S)
            return None if any(part.reason == "UPSTREAM_UNAVAILABLE" for part in found.parts) else found

        overview = until(in_time, "customers answers within two seconds")
        assert overview is not None
        return overview

    def export(self, **asked: object) -> dict[str, pb.ExportedCustomer]:
        request = pb.ExportMetricsRequest(at_least_as_fresh=self.fresh, **asked)  # type: ignore[arg-type]
        answers = self.overviews.ExportMetrics(request, metadata=self.may(), timeout=LONG_S)
        return {one.metrics.name: one for answer in answers for one in answer.customers}


@pytest.fixture
def shop(suite: Suite) -> Iterator[Shop]:
    context = suite.context()
    with grpc.insecure_channel(context["customers"]) as customers, grpc.insecure_channel(context["analytics"]) as other:
        yield Shop(suite, customers, other)


def parts(overview: pb.GetCustomerOverviewResponse) -> dict[str, str]:
    """The reason why each part is missing; empty where it is there."""
    return {
        pb.OverviewPart.Name(one.part).removeprefix("OVERVIEW_PART_"): one.reason
        for one in overview.parts
        if one.available is not bool(one.reason)
    }


def test_an_overview_has_all_that_there_is_of_a_customer(shop: Shop) -> None:
    amina = shop.create("Amina")
    note = note_service_pb2.Note(content="likes tea")
    shop.notes.CreateNote(
        note_service_pb2.CreateNoteRequest(customer_id=amina, note=note), metadata=shop.may(), timeout=LONG_S
    )
    job = engagement_service_pb2.Engagement(
        kind=engagement_service_pb2.ENGAGEMENT_KIND_JOB,
        title="a kitchen",
        status=engagement_service_pb2.ENGAGEMENT_STATUS_SCHEDULED,
    )
    request = engagement_service_pb2.CreateEngagementRequest(customer_id=amina, engagement=job)
    shop.fresh = shop.engagements.CreateEngagement(request, metadata=shop.may(), timeout=LONG_S).change_token
    shop.prefer(amina, can_receive_offers=False)
    shop.sell(amina)
    found = shop.overview(amina)
    assert found.customer.name == "Amina"
    assert [one.content for one in found.notes] == ["likes tea"]
    assert [one.title for one in found.engagements] == ["a kitchen"]
    assert found.preferences.can_receive_offers is False
    assert found.conversation_metrics.total_conversations == 0
    assert (found.metrics.total_purchases, found.metrics.engagements.jobs) == (1, 1)
    assert [one.total_amount.units for one in found.sales] == [25]
    assert set(parts(found).values()) == {""}
    assert len(found.parts) == len(pb.OverviewPart.values()) - 1


def test_a_caller_who_may_not_read_customers_gets_the_figures_and_is_told_what_is_missing(shop: Shop) -> None:
    amina = shop.create("Amina")
    found = shop.overview(amina, "analytics:read")
    missing = {"PROFILE", "NOTES", "PREFERENCES", "ENGAGEMENTS"}
    assert {part for part, reason in parts(found).items() if reason == "SCOPE_MISSING"} == missing
    assert not found.HasField("customer")
    assert found.metrics.name == "Amina"


def test_an_export_has_everyone_or_those_who_may_be_contacted(shop: Shop) -> None:
    people = {name: shop.create(name) for name in ("Amina", "Brian", "Chao")}
    shop.sell(people["Amina"])
    shop.prefer(people["Brian"], do_not_contact=True)
    assert shop.export().keys() == people.keys()
    sms, offers = contact_permission_pb2.CONTACT_CHANNEL_SMS, contact_permission_pb2.CONTACT_PURPOSE_OFFERS
    assert shop.export(channel=sms, purpose=offers).keys() == {"Amina", "Chao"}
    everyone = shop.export(channel=sms, purpose=offers, include_denied=True)
    assert {name: one.permission.allowed for name, one in everyone.items()} == {
        "Amina": True,
        "Brian": False,
        "Chao": True,
    }
    assert everyone["Amina"].metrics.total_purchases == 1


def test_an_export_for_a_channel_names_its_purpose(shop: Shop) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        shop.export(channel=contact_permission_pb2.CONTACT_CHANNEL_SMS)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
