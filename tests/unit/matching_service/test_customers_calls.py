"""What the resolving of conversations asks of customers fits into messages."""

from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest

from patronage.customers.v1 import customer_pb2
from patronage.customers.v1 import customer_service_pb2 as pb
from services.matching.follower.customers_calls import CustomersCalls, CustomersStubs
from services.runtime.failures import Failure, FieldsInvalid, FieldViolation, ScopeMissing
from services.runtime.interceptors.status import DETAILS_KEY, status_of

FITTING = 2


class Refused(grpc.RpcError):
    """A call that customers refused."""

    def __init__(self, failure: Failure) -> None:
        self._status = status_of(failure)

    def trailing_metadata(self) -> Any:
        return ((DETAILS_KEY, self._status.SerializeToString()),)


def calls_of(failure: Failure, asked: list[list[str]]) -> CustomersCalls:
    """Calls of a service that refuses more customers than fit."""

    def batch_get(request: pb.BatchGetCustomersRequest, **_: object) -> pb.BatchGetCustomersResponse:
        asked.append(list(request.customer_ids))
        if len(request.customer_ids) > FITTING:
            raise Refused(failure)
        found = [
            pb.GetCustomerResponse(customer=customer_pb2.Customer(customer_id=one)) for one in request.customer_ids
        ]
        return pb.BatchGetCustomersResponse(customers=found)

    stubs = SimpleNamespace(customers=SimpleNamespace(BatchGetCustomers=batch_get))
    return CustomersCalls(cast(CustomersStubs, stubs), lambda request_id: [])


def test_customers_that_are_larger_than_one_message_are_asked_for_by_halves() -> None:
    asked: list[list[str]] = []
    calls = calls_of(FieldsInvalid([FieldViolation("customer_ids", "are together larger than one message")]), asked)
    assert list(calls.customers_now(["a", "b", "c", "d", "e"])) == ["a", "b", "c", "d", "e"]
    assert asked == [["a", "b", "c", "d", "e"], ["a", "b"], ["c", "d", "e"], ["c"], ["d", "e"]]


def test_what_customers_refuses_otherwise_is_not_asked_again() -> None:
    asked: list[list[str]] = []
    calls = calls_of(ScopeMissing("no"), asked)
    with pytest.raises(grpc.RpcError):
        calls.customers_now(["a", "b", "c"])
    assert len(asked) == 1
