"""A company cannot tell the ids of another company from ids that do not exist, in any RPC that takes one."""

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToJson
from google.type.money_pb2 import Money

from patronage.customers.v1 import (
    company_service_pb2,
    company_service_pb2_grpc,
    customer_pb2,
    customer_service_pb2,
    customer_service_pb2_grpc,
)
from patronage.matching.v1 import matching_service_pb2, matching_service_pb2_grpc, merge_service_pb2
from patronage.matching.v1 import merge_service_pb2_grpc as merge_grpc
from services.local.suite import SERVICES, Suite
from services.local.tokens import DEVELOPER_SCOPES
from tests.fixtures.contract import Rpc, every_rpc

SCOPES = {*DEVELOPER_SCOPES, "merge:apply"}
OWNER, STRANGER = "tenants-owner", "tenants-stranger"
TAKING_IDS = [rpc for rpc in every_rpc() if rpc.id_fields()]


@pytest.fixture(scope="module")
def channels(suite: Suite) -> Iterator[dict[str, grpc.Channel]]:
    context = suite.context()
    opened = {name: grpc.insecure_channel(context[name]) for name in SERVICES}
    yield opened
    for channel in opened.values():
        channel.close()


@pytest.fixture
def fresh(suite: Suite, channels: dict[str, grpc.Channel], ids: dict[str, str]) -> str:
    """A change token that covers all of the owner's ids."""
    metadata = [("authorization", f"Bearer {suite.token(OWNER)}")]
    company = company_service_pb2_grpc.CompanyServiceStub(channels["customers"])
    return company.GetCompany(company_service_pb2.GetCompanyRequest(), metadata=metadata).change_token


@pytest.fixture
def ids(suite: Suite, channels: dict[str, grpc.Channel], rpc: Rpc) -> dict[str, str]:
    """Ids of the owner's: three customers, a merge, and a scan where the method takes one."""
    metadata = [("authorization", f"Bearer {suite.token(OWNER, scopes=SCOPES)}")]
    customers = customer_service_pb2_grpc.CustomerServiceStub(channels["customers"])
    made = [
        customers.CreateCustomer(
            customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name=f"Owner {number}")),
            metadata=metadata,
        )
        for number in range(3)
    ]
    first, second, third = (one.customer.customer_id for one in made)
    merged = merge_grpc.MergeServiceStub(channels["matching"]).MergeCustomers(
        merge_service_pb2.MergeCustomersRequest(target_id=first, source_ids=[second]), metadata=metadata
    )
    found = {"customer": first, "other": third, "merge": merged.merge.merge_id}
    if "scan_id" in rpc.id_fields():
        matching = matching_service_pb2_grpc.MatchingServiceStub(channels["matching"])
        request = matching_service_pb2.ScanDuplicatesRequest(at_least_as_fresh=merged.change_token)
        found["scan"] = matching.ScanDuplicates(request, metadata=metadata).scan.scan_id
    return found


@pytest.mark.parametrize("rpc", TAKING_IDS, ids=str)
def test_an_id_of_another_company_answers_as_one_that_does_not_exist(
    rpc: Rpc, suite: Suite, channels: dict[str, grpc.Channel], ids: dict[str, str], fresh: str
) -> None:
    unknown = {kind: str(uuid.uuid4()) for kind in ids}
    token = suite.token(STRANGER, scopes=SCOPES)
    theirs = _answer(rpc, channels, token, ids, fresh)
    nobodys = _answer(rpc, channels, token, unknown, fresh)
    assert theirs == nobodys
    assert "FIELDS_INVALID" not in theirs, "the request was refused before its ids were looked at"


@pytest.mark.parametrize("rpc", TAKING_IDS, ids=str)
def test_the_owner_of_an_id_gets_another_answer(
    rpc: Rpc, suite: Suite, channels: dict[str, grpc.Channel], ids: dict[str, str], fresh: str
) -> None:
    """Else the test above would compare nothing."""
    token = suite.token(OWNER, scopes=SCOPES)
    unknown = {kind: str(uuid.uuid4()) for kind in ids}
    assert _answer(rpc, channels, token, ids, fresh) != _answer(rpc, channels, token, unknown, fresh)


def _answer(rpc: Rpc, channels: dict[str, grpc.Channel], token: str, ids: dict[str, str], fresh: str) -> str:
    """Status and details, or the response, with the ids made nameless."""
    try:
        text = MessageToJson(rpc.call(channels[rpc.service], _request(rpc, ids, fresh), token))
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        text = f"{error.code()} {error.details()} {details!r}"
    for kind, value in ids.items():
        text = text.replace(value, kind)
    return text


def _request(rpc: Rpc, ids: dict[str, str], fresh: str) -> Any:
    """A request that is good but for whose the ids are."""
    request = rpc.request()
    for name in rpc.id_fields():
        value = _value(rpc, name, ids)
        if isinstance(getattr(request, name), str):
            setattr(request, name, value)
        else:
            getattr(request, name).append(value)
    fields = request.DESCRIPTOR.fields_by_name
    if "at_least_as_fresh" in fields:
        request.at_least_as_fresh = fresh
    if "note" in fields:
        request.note.content = "a note"
    if "sale" in fields:
        request.sale.sale_id = str(uuid.uuid4())
        request.sale.total_amount.CopyFrom(Money(currency_code="USD", units=1))
    if rpc.method.name == "UpdateCustomer":
        request.customer.organization = f"Acme {uuid.uuid4()}"
    return request


def _value(rpc: Rpc, name: str, ids: dict[str, str]) -> str:
    if rpc.method.name == "ApplyMerge" and name == "merge_id":
        return str(uuid.uuid4())
    if name.startswith(("merge", "scan")):
        return ids[name.removesuffix("_id")]
    return ids["other" if name.startswith(("source", "right")) else "customer"]
