"""Requests that are sent again, at once, or meet other writers."""

import uuid
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import listing_pb2
from services.runtime.failures import ConflictRetry
from tests.integration.customers.company import at_once
from tests.integration.customers.served import Refusal, Served
from tests.integration.customers.wire import answer_of

ANN = model.Customer(name="Ann Lee", email="ann@x.io")


def test_the_same_request_again_answers_with_the_first_result(served: Served) -> None:
    client = served.client()
    request = pb.CreateCustomerRequest(customer=ANN, request_id=str(uuid.uuid4()))
    first = client.CreateCustomer(request)
    assert client.CreateCustomer(request) == first
    request.request_id = request.request_id.upper()
    assert client.CreateCustomer(request) == first, "a UUID in capitals is the same one"


def test_a_request_id_with_other_content_or_another_method_is_refused(served: Served) -> None:
    client, request_id = served.client(), str(uuid.uuid4())
    made = client.CreateCustomer(pb.CreateCustomerRequest(customer=ANN, request_id=request_id)).customer
    other = pb.CreateCustomerRequest(customer=model.Customer(name="Bo"), request_id=request_id)
    assert client.refused("CreateCustomer", other).reason == "REQUEST_ID_REUSED"
    delete = pb.DeleteCustomerRequest(customer_id=made.customer_id, request_id=request_id)
    assert client.refused("DeleteCustomer", delete).reason == "REQUEST_ID_REUSED"
    wrong = pb.CreateCustomerRequest(customer=ANN, request_id="7")
    assert client.refused("CreateCustomer", wrong).fields == ["request_id"]


def test_a_refused_request_may_be_sent_again(served: Served) -> None:
    client, request_id = served.client(), str(uuid.uuid4())
    request = pb.CreateCustomerRequest(customer=ANN, request_id=request_id)
    first = client.CreateCustomer(pb.CreateCustomerRequest(customer=ANN)).customer
    assert client.refused("CreateCustomer", request).reason == "DUPLICATE_CUSTOMER"
    client.DeleteCustomer(pb.DeleteCustomerRequest(customer_id=first.customer_id))
    assert client.CreateCustomer(request).created


def test_a_request_id_belongs_to_its_company(served: Served) -> None:
    request = pb.CreateCustomerRequest(customer=ANN, request_id=str(uuid.uuid4()))
    made = {served.client(company).CreateCustomer(request).customer.customer_id for company in ("acme", "other")}
    assert len(made) == 2


def test_twins_at_once_make_one_customer(served: Served) -> None:
    client = served.client()
    customer = model.Customer(name="Ann")
    request = pb.CreateCustomerRequest(customer=customer, request_id=str(uuid.uuid4()))
    found = at_once(*[lambda: answer_of(client, "CreateCustomer", request)] * 12)
    refused = [one for one in found if isinstance(one, Refusal)]
    made = [one for one in found if isinstance(one, pb.CreateCustomerResponse)]
    assert len(refused) + len(made) == 12
    assert {one.reason for one in refused} <= {"REQUEST_IN_PROGRESS"}
    assert len({one.customer.customer_id for one in made}) == 1
    assert client.ListCustomers(listing_pb2.ListCustomersRequest()).total_size == 1


def test_conflicts_that_go_on_are_told_in_the_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*_: Any, **__: Any) -> Any:
        raise ConflictRetry("Someone else was first.")

    monkeypatch.setattr("services.customers.servicer.states.delete_customer", always)
    found = served.client().refused("DeleteCustomer", pb.DeleteCustomerRequest(customer_id=str(uuid.uuid4())))
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "CONFLICT_RETRY")
