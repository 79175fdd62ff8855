"""NormalizeIdentity shows what a record is compared by, and so why two records meet."""

from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2
from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import normalize_pb2
from services.matching.convert.change import raw_identity
from services.matching.operations.normalize_identity import NormalForm, normalize_identity
from tests.integration.matching.fake_customers import FakeCustomers
from tests.integration.matching.people import ANN, ANNE, Company, change, customer_id, settings
from tests.integration.matching.test_service import Service, customers, failure_of, read_after, service, start

__all__ = ["customers", "service", "start"]

RAW = {
    "name": "Dr. Ánn Lee Jr.",
    "email": "Ann.Lee+shop@Gmail.com",
    "phone": "(212) 555-0147",
    "address": "12 Oak Street, Apt 4, Springfield, IL 62704",
}


def normalized(
    service: Service, token: str = "", region: str | None = None, **fields: Any
) -> normalize_pb2.NormalizeIdentityResponse:
    request = normalize_pb2.NormalizeIdentityRequest(
        record=customer_pb2.Customer(**fields), region=region, at_least_as_fresh=token
    )
    return service.matching.NormalizeIdentity(request, metadata=service.token(), timeout=60)


def form_of(company: Company, cap: int, **fields: Any) -> NormalForm:
    raw = raw_identity(customer_pb2.Customer(**fields))
    with company.database.transaction(company.scope, read_only=True) as tx:
        return normalize_identity(tx, raw, "US", cap)


def test_a_record_is_shown_in_its_normal_form(service: Service) -> None:
    found = normalized(service, **RAW)
    assert (found.name.given_name, found.name.family_name, found.name.suffix) == ("ann", "lee", "jr")
    assert list(found.emails) == ["annlee@gmail.com"]
    assert list(found.phones) == ["+12125550147"]
    (address,) = found.addresses
    assert (address.house_number, address.street, address.unit) == ("12", "oak st", "4")
    assert (address.city, address.region, address.postal_code) == ("springfield", "il", "62704")
    assert not found.organization
    assert found.region == "US"


def test_an_organisation_has_no_name_of_a_person(service: Service) -> None:
    record = customer_pb2.Customer(name="Acme Trading Ltd.", party_type=customer_pb2.PARTY_TYPE_ORGANIZATION)
    request = normalize_pb2.NormalizeIdentityRequest(record=record)
    found = service.matching.NormalizeIdentity(request, metadata=service.token(), timeout=60)
    assert (found.organization, found.HasField("name")) == ("acme trading", False)


def test_phones_are_read_in_the_region_of_the_company_or_in_the_one_that_is_named(
    service: Service, customers: FakeCustomers
) -> None:
    token = read_after(customers.send("acme", settings("KE"), snapshot_done=True))
    found = normalized(service, token, phone="0712 345678")
    assert (list(found.phones), found.region) == (["+254712345678"], "KE")
    found = normalized(service, phone="07400 123456", region="gb")
    assert (list(found.phones), found.region) == (["+447400123456"], "GB")


def test_two_records_share_the_keys_by_which_they_meet(service: Service, customers: FakeCustomers) -> None:
    token = read_after(customers.send("acme", change(1, **ANN), snapshot_done=True))
    ours, theirs = normalized(service, token, **ANN), normalized(service, **ANNE)
    shared = {f"{one.kind}:{one.value}" for one in ours.keys} & {f"{one.kind}:{one.value}" for one in theirs.keys}
    assert {"email:ann.lee@example.com", "phone:+12125550147"} <= shared
    customers.send("acme", change(2, **ANNE))
    request = pb.ExplainMatchRequest(left_id=customer_id(1), right_id=customer_id(2))
    request.at_least_as_fresh = read_after(customers.send("acme", change(3, name="Zoe Quill")))
    explained = service.matching.ExplainMatch(request, metadata=service.token(), timeout=60)
    assert set(explained.explanation.shared_keys) == shared


@pytest.mark.parametrize("region", ["Kenya", "XX", ""])
def test_every_bad_field_is_named(service: Service, region: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        normalized(service, region=region, email="")
    assert failure_of(refused.value) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    assert "record" in str(refused.value)
    assert "region" in str(refused.value)


def test_keys_say_how_many_have_them_and_which_are_too_wide(company: Company, other_company: Company) -> None:
    shared = [change(number, name=f"Nr{number} Person{number}", email="info@big.example") for number in range(1, 10)]
    company.follow(*shared, change(20, **ANN))
    other_company.follow(change(1, **ANN))
    form = form_of(company, 5, email="info@big.example", phone=ANN["phone"])
    told = {key.kind: (key.value, key.customers, key.capped) for key in form.keys}
    assert told["email"] == ("info@big.example", 6, True)
    assert told["phone"] == ("+12125550147", 1, False)


def test_values_of_several_parts_are_written_with_spaces(company: Company) -> None:
    keys = {key.kind: key.value for key in form_of(company, 100, name="Ruth Okafor").keys}
    assert keys["name_swapped"] == "okafor ruth"
