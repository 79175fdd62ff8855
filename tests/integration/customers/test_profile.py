"""The profile of a customer as older systems know it: its fields, its state, its stage, who made and changed it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct

from patronage.customers.v1 import company_service_pb2 as company_pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import listing_pb2
from patronage.customers.v1 import note_service_pb2 as note_pb
from services.customers.domain.fields import CHOICE_FIELDS
from services.customers.operations.delete_customer import delete_customer
from tests.integration.customers.company import Company
from tests.integration.customers.served import Client, Served


def create(client: Client, **customer: Any) -> model.Customer:
    made: model.Customer = client.CreateCustomer(pb.CreateCustomerRequest(customer=model.Customer(**customer))).customer
    return made


def get(client: Client, customer_id: str) -> model.Customer:
    found: model.Customer = client.GetCustomer(pb.GetCustomerRequest(customer_id=customer_id)).customer
    return found


def test_a_creation_takes_a_whole_profile_and_its_company_and_actor_are_the_tokens(served: Served) -> None:
    metadata = Struct()
    metadata.update({"seat": "A1"})
    made = create(
        served.client(),
        name="Ann Lee",
        email="ann@x.io",
        phone="+1 202 555 0100",
        address="1 Main St",
        lifecycle_stage=model.LIFECYCLE_STAGE_LEAD,
        tags=["VIP", "wholesale"],
        source=model.CUSTOMER_SOURCE_CHAT,
        source_campaign="spring",
        metadata=metadata,
        company_id="theirs",
        created_by=model.Actor(subject="eve"),
    )
    found = get(served.client(), made.customer_id)
    assert found == made
    assert (found.name, found.email, found.phone, found.address) == (
        "Ann Lee",
        "ann@x.io",
        "+1 202 555 0100",
        "1 Main St",
    )
    assert (found.lifecycle_stage, list(found.tags)) == (model.LIFECYCLE_STAGE_LEAD, ["VIP", "wholesale"])
    assert (found.source, found.source_campaign, found.metadata) == (model.CUSTOMER_SOURCE_CHAT, "spring", metadata)
    assert (found.company_id, found.created_by) == ("acme", model.Actor(subject="ann", name="Ann"))


def test_a_creation_may_bring_a_note_of_its_own(served: Served) -> None:
    client = served.client()
    request = pb.CreateCustomerRequest(customer=model.Customer(name="Ann"), note="likes tea")
    ann = client.CreateCustomer(request).customer.customer_id
    notes = client.ListNotes(note_pb.ListNotesRequest(customer_id=ann)).notes
    assert [(note.content, note.author.subject) for note in notes] == [("likes tea", "ann")]


def test_what_is_not_said_has_its_default(served: Served) -> None:
    made = create(served.client(), name="Ann")
    assert (made.party_type, made.customer_type) == (model.PARTY_TYPE_PERSON, model.CUSTOMER_TYPE_WALK_IN)
    assert (made.state, made.lifecycle_stage) == (model.CUSTOMER_STATE_ACTIVE, model.LIFECYCLE_STAGE_PROSPECT)
    assert made.source == model.CUSTOMER_SOURCE_API


def test_stages_and_types_are_those_of_the_older_systems_in_their_order() -> None:
    assert CHOICE_FIELDS["lifecycle_stage"] == ("PROSPECT", "LEAD", "CUSTOMER", "CHURNED")
    assert CHOICE_FIELDS["customer_type"] == ("WALK_IN", "REGULAR", "VIP", "WHOLESALE")
    assert CHOICE_FIELDS["party_type"] == ("PERSON", "ORGANIZATION")


@pytest.mark.parametrize("party", [model.PARTY_TYPE_PERSON, model.PARTY_TYPE_ORGANIZATION])
@pytest.mark.parametrize("kind", [model.CUSTOMER_TYPE_REGULAR, model.CUSTOMER_TYPE_WHOLESALE])
def test_what_somebody_is_and_how_they_are_classed_are_two_things(served: Served, party: Any, kind: Any) -> None:
    made = create(served.client(), name="Ann", party_type=party, customer_type=kind, tags=["wholesale"])
    assert (made.party_type, made.customer_type, list(made.tags)) == (party, kind, ["wholesale"])


def test_a_profile_says_when_it_was_made_and_changed_and_by_whom(served: Served) -> None:
    made = create(served.client(), name="Ann")
    request = pb.UpdateCustomerRequest(customer_id=made.customer_id, customer=model.Customer(name="Anne"))
    changed = served.client(subject="bo", name="Bo").UpdateCustomer(request).customer
    assert (changed.created_by, changed.updated_by) == (
        model.Actor(subject="ann", name="Ann"),
        model.Actor(subject="bo", name="Bo"),
    )
    assert changed.create_time == made.create_time == made.update_time
    assert made.update_time.ToDatetime() < changed.update_time.ToDatetime()
    assert abs(changed.update_time.ToDatetime(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_profile_says_its_state_since_when_and_into_whom(served: Served, acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    acme.merge(ann, bo)
    acme.write(lambda tx: delete_customer(tx, cy, ""))
    hidden = [model.CUSTOMER_STATE_MERGED, model.CUSTOMER_STATE_DELETED]
    request = listing_pb2.ListCustomersRequest(filter=listing_pb2.CustomerFilter(states=hidden))
    merged, deleted = served.client().ListCustomers(request).customers
    assert (merged.customer_id, merged.state, merged.merged_into) == (bo, model.CUSTOMER_STATE_MERGED, ann)
    assert (deleted.customer_id, deleted.state) == (cy, model.CUSTOMER_STATE_DELETED)
    assert deleted.delete_time.ToDatetime() > deleted.create_time.ToDatetime()
    assert deleted.name == "Cy", "what is hidden is kept"
    assert list(get(served.client(), ann).merged_customer_ids) == [bo]


@pytest.mark.parametrize("path", ["state", "delete_time", "merged_into", "company_id", "customer_id", "created_by"])
def test_no_update_moves_a_state_or_what_follows_from_it(served: Served, path: str) -> None:
    client = served.client()
    ann = create(client, name="Ann")
    request = pb.UpdateCustomerRequest(
        customer_id=ann.customer_id,
        customer=model.Customer(state=model.CUSTOMER_STATE_DELETED, merged_into=ann.customer_id, company_id="other"),
        update_mask=FieldMask(paths=[path]),
    )
    found = client.refused("UpdateCustomer", request)
    assert (found.code, found.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["update_mask"])
    request.ClearField("update_mask")
    assert client.UpdateCustomer(request).customer == ann


@pytest.mark.parametrize("company_id", ["42", "0b6e8a3a-5c3e-4a57-9a0c-2f3f1a1f0d11", "acme.co", "shop_1"])
def test_a_company_is_the_text_of_the_token_be_it_a_number_or_a_uuid(served: Served, company_id: str) -> None:
    client = served.client(company_id)
    assert create(client, name="Ann").company_id == company_id
    assert client.GetCompany(company_pb.GetCompanyRequest()).company.company_id == company_id
    assert len(client.ListCustomers(listing_pb2.ListCustomersRequest()).customers) == 1
