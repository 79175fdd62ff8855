"""What callers are shown and refused: scopes, deleted customers, other companies; lists and settings over the wire."""

import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import company_service_pb2 as company_pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.customers.v1 import listing_pb2
from patronage.customers.v1 import note_service_pb2 as note_pb
from services.customers.access import ACCESS
from tests.fixtures.contract import every_rpc
from tests.integration.customers.served import EVERY_SCOPE, Served
from tests.integration.customers.wire import create


def request_of(method: str) -> Any:
    return next(rpc.request() for rpc in every_rpc() if rpc.service == "customers" and rpc.method.name == method)


def test_deleted_customers_are_listed_only_with_the_scope_for_it(served: Served) -> None:
    client = served.client()
    client.DeleteCustomer(pb.DeleteCustomerRequest(customer_id=create(client, name="Ann").customer_id))
    states = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_DELETED])
    request = listing_pb2.ListCustomersRequest(filter=states)
    assert [one.name for one in client.ListCustomers(request).customers] == ["Ann"]
    reader = served.client(scopes=["customers:read"])
    found = reader.refused("ListCustomers", request)
    assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


def test_a_list_request_that_is_wrong_names_its_fields(served: Served) -> None:
    client = served.client()
    erased = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_ERASED])
    too_early = listing_pb2.CustomerFilter(created_from=Timestamp(seconds=-(10**12)))
    for request, field in (
        (listing_pb2.ListCustomersRequest(sort=99), "sort"),  # type: ignore[arg-type]
        (listing_pb2.ListCustomersRequest(page_size=-1), "page_size"),
        (listing_pb2.ListCustomersRequest(filter=erased), "filter.states"),
        (listing_pb2.ListCustomersRequest(filter=too_early), "filter.created_from"),
    ):
        assert client.refused("ListCustomers", request).fields == [field]
    nothing = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_UNSPECIFIED])
    assert client.ListCustomers(listing_pb2.ListCustomersRequest(filter=nothing)).total_size == 0


@pytest.mark.parametrize("method", sorted(ACCESS))
def test_no_method_is_answered_without_its_scope(kept_served: Served, method: str) -> None:
    name = method.rpartition("/")[2]
    if name == "FollowChanges":
        return
    client = kept_served.client(scopes=[scope for scope in EVERY_SCOPE if scope != ACCESS[method].scope])
    requests = {"ImportCustomers": iter([import_pb.ImportCustomersRequest()])}
    found = client.refused(name, requests.get(name, request_of(name)))
    assert (found.code, found.metadata.get("scope")) == (grpc.StatusCode.PERMISSION_DENIED, ACCESS[method].scope)


def test_notes_are_listed_a_page_at_a_time_newest_first(served: Served) -> None:
    client = served.client()
    ann = create(client, name="Ann").customer_id
    for number in range(5):
        note = note_pb.Note(content=f"n{number}", author=model.Actor(subject="eve"))
        made = client.CreateNote(note_pb.CreateNoteRequest(customer_id=ann, note=note)).note
        assert made.author == model.Actor(subject="ann", name="Ann")
    first = client.ListNotes(note_pb.ListNotesRequest(customer_id=ann, page_size=3))
    second = client.ListNotes(note_pb.ListNotesRequest(customer_id=ann, page_size=3, page_token=first.next_page_token))
    assert [note.content for note in [*first.notes, *second.notes]] == ["n4", "n3", "n2", "n1", "n0"]
    assert (first.total_size, second.next_page_token) == (5, "")
    bo = create(client, name="Bo").customer_id
    other = note_pb.ListNotesRequest(customer_id=bo, page_token=first.next_page_token)
    assert client.refused("ListNotes", other).reason == "PAGE_TOKEN_MISMATCH"


def test_settings_say_every_wrong_one_and_a_region_reads_phones(served: Served) -> None:
    client = served.client()
    settings = company_pb.CompanySettings(region="kenya", currency="ksh", time_zone="Nairobi")
    found = client.refused("UpdateCompanySettings", company_pb.UpdateCompanySettingsRequest(settings=settings))
    assert set(found.fields) == {"settings.region", "settings.currency", "settings.time_zone"}
    settings = company_pb.CompanySettings(region="KE")
    client.UpdateCompanySettings(company_pb.UpdateCompanySettingsRequest(settings=settings))
    assert create(client, name="Ann", phone="0712 345 678").contact_points[0].normalized_value == "+254712345678"
    assert client.GetCompany(company_pb.GetCompanyRequest()).company.settings.currency == "USD"
    assert served.client("other").GetCompany(company_pb.GetCompanyRequest()).company.settings.region == "US"


def test_an_id_of_another_company_is_answered_like_one_of_nobody(served: Served) -> None:
    mine, theirs = served.client(), served.client("other")
    foreign, unknown = create(theirs, name="Ann").customer_id, str(uuid.uuid4())
    for method, name in (
        ("GetCustomer", "customer_id"),
        ("UpdateCustomer", "customer_id"),
        ("DeleteCustomer", "customer_id"),
        ("ListNotes", "customer_id"),
    ):
        answers = [mine.refused(method, type(request_of(method))(**{name: asked})) for asked in (foreign, unknown)]
        assert [(one.code, one.reason, one.message) for one in answers] == [
            (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND", "There is no customer with this id.")
        ] * 2
