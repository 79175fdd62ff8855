"""Whatever a caller sends, no RPC blames itself or hangs, each bad field is named, and nothing is left half done."""

import random
import uuid
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from patronage.customers.v1 import customer_pb2, customer_service_pb2, import_export_service_pb2, listing_pb2
from patronage.matching.v1 import matching_service_pb2, merge_service_pb2
from services.local.suite import SERVICES, Suite
from services.local.tokens import DEVELOPER_SCOPES
from tests.faults.company import Company, company_of
from tests.faults.proofs import assert_mirrors_agree, assert_no_half_merge, assert_views_fold
from tests.fixtures.contract import Rpc, every_rpc
from tests.fixtures.hostile import Hostile

SEED = 20_240_607
REQUESTS = 150
COMPANY, OTHER = "fuzz-company", "fuzz-other"
SCOPES = {*DEVELOPER_SCOPES, "merge:apply"}
REFUSALS = {
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNAVAILABLE",
}
LONGEST_S = 8.0
LARGEST = 8_000_000
"""What is larger gRPC itself refuses."""


class World:
    """A company with customers, a merge, a scan and tokens of all kinds; and an id of another company."""

    def __init__(self, company: Company, other: Company, channels: dict[str, grpc.Channel]) -> None:
        self.company, self.channels = company, channels
        self.token = company.suite.token(COMPANY, scopes=SCOPES)
        self.customers = [create(company, f"Ana {number}") for number in range(6)]
        merging = merge_service_pb2.MergeCustomersRequest(target_id=self.customers[0], source_ids=self.customers[1:2])
        self.merge = company.merges.MergeCustomers(merging).merge.merge_id
        self.scan = company.matching.ScanDuplicates(matching_service_pb2.ScanDuplicatesRequest()).scan.scan_id
        sorts = listing_pb2.CustomerSort.values()
        pages = [company.customers.ListCustomers(listing(sort)).next_page_token for sort in sorts]
        follow = company.feed.FollowChanges(GetMessageClass(FOLLOW.method.input_type)())
        foreign = create(other, "Bo")
        self.known = {
            "id": [*self.customers, self.merge, self.scan, foreign, str(uuid.uuid4()), self.customers[0].upper(), "x"],
            "page_token": pages,
            "after_cursor": [next(iter(follow)).cursor],
            "at_least_as_fresh": [company.everything()],
            "request_id": [str(uuid.uuid4())],
        }
        follow.cancel()


RPCS = {str(rpc): rpc for rpc in every_rpc()}
FOLLOW = RPCS["ChangeFeedService.FollowChanges"]


def create(company: Company, name: str) -> str:
    """The id of a new customer."""
    request = customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name=name))
    return company.customers.CreateCustomer(request).customer.customer_id


def listing(sort: int) -> listing_pb2.ListCustomersRequest:
    """A page of one, so that there is a token."""
    return listing_pb2.ListCustomersRequest(page_size=1, sort=cast(Any, sort))


@pytest.fixture(scope="module")
def world(suite: Suite) -> Iterator[World]:
    context = suite.context()
    channels = {name: grpc.insecure_channel(context[name]) for name in SERVICES}
    with company_of(suite, COMPANY) as company, company_of(suite, OTHER) as other:
        yield World(company, other, channels)
    for channel in channels.values():
        channel.close()


@pytest.mark.parametrize("rpc", RPCS.values(), ids=str)
def test_no_request_is_the_fault_of_the_service(rpc: Rpc, world: World) -> None:
    dice = random.Random(f"{SEED} {rpc}")
    hostile = Hostile(dice, world.known)
    for _ in range(REQUESTS):
        sent = [hostile.wire(message) for message in spoiled(rpc, world, hostile, dice)]
        status = answer(rpc, world, sent) if max(map(len, sent)) < LARGEST else None
        if status is not None:
            assert_explained(status, sent)


def test_nothing_is_left_half_done(world: World) -> None:
    """Runs after the requests above; alone it proves the same of what the world began with."""
    assert_mirrors_agree(world.company)
    assert_no_half_merge(world.company)
    assert_views_fold(world.company)


def spoiled(rpc: Rpc, world: World, hostile: Hostile, dice: random.Random) -> list[Any]:
    """The messages of a call: good ones, of which one is spoiled in a field or two."""
    messages = [good(rpc, world, dice)]
    if rpc.method.client_streaming:
        rows = [rows_of(dice) for _ in range(dice.choice([1, 2]))]
        options = import_export_service_pb2.ImportOptions(source="fuzz")
        messages = [import_export_service_pb2.ImportCustomersRequest(options=options), *rows]
    for _ in range(dice.choice([1, 1, 2, 5])):
        hostile.spoil(dice.choice(messages))
    return messages


def rows_of(dice: random.Random) -> import_export_service_pb2.ImportCustomersRequest:
    """A few rows of a file."""
    request = import_export_service_pb2.ImportCustomersRequest()
    for number in range(dice.choice([1, 5])):
        row = request.rows.rows.add(row_number=number, id=str(dice.randrange(20)))
        describe(row.customer, dice)
    return request


def good(rpc: Rpc, world: World, dice: random.Random) -> Any:
    """A request that the method takes, about things that exist."""
    request = rpc.request()
    fields = request.DESCRIPTOR.fields_by_name
    for name in ("customer_id", "left_id", "right_id", "target_id"):
        if name in fields:
            setattr(request, name, dice.choice(world.customers))
    for name in ("customer_ids", "source_ids"):
        if name in fields:
            getattr(request, name).append(dice.choice(world.customers))
    if "merge_id" in fields:
        request.merge_id = str(uuid.uuid4()) if rpc.method.name == "ApplyMerge" else world.merge
    if "scan_id" in fields:
        request.scan_id = world.scan
    for name in ("customer", "record"):
        if name in fields:
            describe(getattr(request, name), dice)
    if "note" in fields:
        request.note.content = "called"
    if "sale" in fields:
        sell(request.sale, dice)
    return request


def describe(customer: customer_pb2.Customer, dice: random.Random) -> None:
    """A customer with something in most fields."""
    number = dice.randrange(10**6)
    customer.name, customer.email = f"Ana Lopez {number}", f"ana{number}@example.com"
    customer.metadata.update({"number": number})
    customer.tags.append("seen")
    customer.external_ids.add(system="shop", external_id=str(number))
    customer.contact_points.add(kind=customer_pb2.CONTACT_POINT_KIND_PHONE, value=f"+1 202 555 {number % 10_000:04}")


def sell(sale: Any, dice: random.Random) -> None:
    """A sale of one line."""
    sale.sale_id = str(dice.getrandbits(64))
    sale.total_amount.currency_code, sale.total_amount.units = "USD", 5
    line = sale.lines.add(product="tea")
    line.quantity.value, line.amount.currency_code = "2", "USD"


def answer(rpc: Rpc, world: World, sent: list[bytes]) -> status_pb2.Status | None:
    """The status of a refused call; None where it was answered. A stream is left after its first answer."""
    kind = f"{'stream' if rpc.method.client_streaming else 'unary'}_{'stream' if rpc.streams else 'unary'}"
    parse = GetMessageClass(rpc.method.output_type).FromString
    method = getattr(world.channels[rpc.service], kind)(rpc.path, response_deserializer=parse)
    metadata = [("authorization", f"Bearer {world.token}")]
    try:
        call = method(iter(sent) if rpc.method.client_streaming else sent[0], timeout=LONGEST_S, metadata=metadata)
        if rpc is FOLLOW:
            next(call)
            call.cancel()
        elif rpc.streams:
            list(call)
    except grpc.RpcError as error:
        return refusal(error, sent)
    return None


def refusal(error: grpc.RpcError, sent: list[bytes]) -> status_pb2.Status:
    """The status of a call that failed for a reason that is the caller's."""
    told = cast(grpc.Call, error)
    assert told.code().name in REFUSALS, (told.code(), told.details(), sent)
    status = rpc_status.from_call(told)
    assert status is not None, (told.code(), told.details(), sent)
    return cast(status_pb2.Status, status)


def assert_explained(status: status_pb2.Status, sent: list[bytes]) -> None:
    """There is a reason; where fields are wrong they are named; and it is not that another service is away."""
    info, wrong = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info), sent
    assert info.reason not in ("UPSTREAM_UNAVAILABLE", "DATABASE_UNAVAILABLE", "INTERNAL", ""), (info, sent)
    if info.reason == "FIELDS_INVALID":
        assert any(detail.Unpack(wrong) for detail in status.details), (status.message, sent)
        fields = [violation.field for violation in wrong.field_violations]
        assert fields, (status.message, sent)
        assert all(fields), (status.message, sent)
