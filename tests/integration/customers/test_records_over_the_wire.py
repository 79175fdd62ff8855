"""Customer records over the wire: masks, forms, wrong fields, duplicates and etags."""

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from google.type.date_pb2 import Date

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from tests.integration.customers.served import Served
from tests.integration.customers.wire import create, update

ANN = model.Customer(name="Ann Lee", email="ann@x.io")


MASKED: dict[str, Any] = {"name": "Ann Lee", "email": "ann@x.io", "organization": "Acme", "tags": ["a"]}


def test_a_customer_comes_back_as_it_was_stored(served: Served) -> None:
    metadata = Struct()
    metadata.update({"colour": "blue", "n": 1.5, "deep": {"list": [True, None, "x"]}})
    made = create(
        served.client(),
        name="Ann Lee",
        birth_date=Date(year=1990, month=2, day=28),
        contact_points=[
            model.ContactPoint(
                kind=model.CONTACT_POINT_KIND_ADDRESS,
                postal_address=model.PostalAddress(street="1 Main St", city="Nairobi"),
            )
        ],
        external_ids=[model.ExternalId(system="shop", external_id="7")],
        tags=["a"],
        metadata=metadata,
        state=model.CUSTOMER_STATE_DELETED,
        company_id="theirs",
        revision=99,
    )
    found = served.client().GetCustomer(pb.GetCustomerRequest(customer_id=made.customer_id))
    assert found.customer == made
    assert (made.state, made.company_id, made.revision) == (model.CUSTOMER_STATE_ACTIVE, "acme", 1)
    assert (made.address, made.metadata, made.created_by.subject) == ("1 Main St, Nairobi", metadata, "ann")


def test_a_mask_sets_what_it_names_and_clears_what_is_absent(served: Served) -> None:
    client = served.client()
    ann = create(client, **MASKED)
    changed = update(client, ann.customer_id, ["organization", "tags"], name="ignored", tags=["b"])
    assert (changed.name, changed.organization, list(changed.tags)) == ("Ann Lee", "", ["b"])


def test_without_a_mask_the_populated_fields_are_changed(served: Served) -> None:
    client = served.client()
    ann = create(client, **MASKED)
    changed = update(client, ann.customer_id, [], organization="Bolt")
    assert (changed.name, changed.organization, changed.email) == ("Ann Lee", "Bolt", "ann@x.io")


@pytest.mark.parametrize("path", ["nickname", "etag", "state", "customer_id", "contact_points.value", "", "*"])
def test_a_path_that_cannot_be_written_is_a_wrong_field(served: Served, path: str) -> None:
    client = served.client()
    request = pb.UpdateCustomerRequest(
        customer_id=create(client, name="Ann").customer_id, update_mask=FieldMask(paths=["name", path])
    )
    assert client.refused("UpdateCustomer", request).fields == ["update_mask"]


def test_where_a_mask_names_both_forms_of_one_kind_the_contact_points_count(served: Served) -> None:
    client = served.client()
    points = [model.ContactPoint(kind=model.CONTACT_POINT_KIND_EMAIL, value=value) for value in ("b@x.io", "c@x.io")]
    ann = create(client, name="Ann", email="a@x.io").customer_id
    changed = update(client, ann, ["contact_points", "email"], contact_points=points)
    assert [point.value for point in changed.contact_points] == ["b@x.io", "c@x.io"]


def test_every_wrong_field_travels_in_the_details(served: Served) -> None:
    point = model.ContactPoint(value="x")
    customer = model.Customer(
        party_type=99,  # type: ignore[arg-type]
        email="no address",
        birth_date=Date(year=1990, month=2),
        contact_points=[point],
    )
    found = served.client().refused("CreateCustomer", pb.CreateCustomerRequest(customer=customer))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert set(found.fields) == {
        "customer.name",
        "customer.email",
        "customer.party_type",
        "customer.birth_date",
        "customer.contact_points[0].kind",
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_know_is_a_wrong_field(served: Served, number: float) -> None:
    metadata = Struct()
    metadata.update({"n": number})
    request = pb.CreateCustomerRequest(customer=model.Customer(name="Ann", metadata=metadata))
    assert served.client().refused("CreateCustomer", request).fields == ["customer.metadata"]


def test_a_duplicate_travels_as_a_typed_detail(served: Served) -> None:
    client = served.client()
    ann = client.CreateCustomer(pb.CreateCustomerRequest(customer=ANN)).customer
    found = client.refused("CreateCustomer", pb.CreateCustomerRequest(customer=ANN))
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "DUPLICATE_CUSTOMER")
    [hit] = found.detail(pb.DuplicateCustomerDetail).hits
    assert (hit.customer_id, hit.key_kind) == (ann.customer_id, model.CONTACT_POINT_KIND_EMAIL)


def test_a_stale_etag_is_refused(served: Served) -> None:
    client = served.client()
    ann = create(client, name="Ann")
    update(client, ann.customer_id, [], name="Anne")
    request = pb.UpdateCustomerRequest(customer_id=ann.customer_id, customer=ann)
    found = client.refused("UpdateCustomer", request)
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


def test_the_form_that_was_read_can_be_sent_back_as_it_is(served: Served) -> None:
    client = served.client()
    ann = create(client, **MASKED)
    for mask in ([], ["name", "organization", "tags", "contact_points"], ["email"]):
        request = pb.UpdateCustomerRequest(customer_id=ann.customer_id, customer=ann, update_mask=FieldMask(paths=mask))
        assert client.UpdateCustomer(request).customer == ann


def test_an_e_mail_that_is_not_the_one_of_the_contact_points_beside_it_is_wrong(served: Served) -> None:
    client = served.client()
    form = create(client, **MASKED)
    form.email = "other@x.io"
    request = pb.UpdateCustomerRequest(customer_id=form.customer_id, customer=form)
    assert client.refused("UpdateCustomer", request).fields == ["customer.email"]
    request.update_mask.paths.append("email")
    assert client.UpdateCustomer(request).customer.email == "other@x.io"
