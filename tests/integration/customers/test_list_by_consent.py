"""Lists and batches of those who may be contacted, and of those who gave an answer."""

import random
from itertools import product
from typing import Any, cast

import pytest
from google.rpc import error_details_pb2

from patronage.customers.v1 import bulk_pb2, customer_pb2
from patronage.customers.v1 import contact_permission_pb2 as permission_pb
from patronage.customers.v1 import listing_pb2 as pb
from services.customers.domain.consent_filter import SAID, WEIGHTS
from services.customers.domain.fields import CONSENTS
from services.customers.operations.check_contact_permission import batch_check_contact_permissions
from services.customers.operations.deactivate_customer import deactivate_customer
from services.customers.operations.update_preferences import update_preferences
from tests.integration.customers.company import Company
from tests.integration.customers.served import Client, Served

CHANNELS = ("SMS", "EMAIL", "CALL", "POST")
PURPOSES = ("OFFERS", "LOYALTY", "TRANSACTIONAL", "LEGAL_NOTICE")
MERGE = "0193d2f0-0000-7000-8000-000000000001"
IDLE = customer_pb2.CUSTOMER_STATE_INACTIVE
ANSWERS = {said: pb.ConsentAnswer.Value(f"CONSENT_ANSWER_{said}") for said in SAID}


def answer(acme: Company, customer_id: str, **answers: bool | None) -> None:
    draft = {name: value for name, value in answers.items() if value is not None}
    acme.write(lambda tx: update_preferences(tx, customer_id, draft, list(answers), ""))


def deactivate(acme: Company, customer_id: str) -> None:
    acme.write(lambda tx: deactivate_customer(tx, customer_id, "", ""))


def listed(client: Client, **conditions: Any) -> list[str]:
    request = pb.ListCustomersRequest(filter=pb.CustomerFilter(**conditions), page_size=1000, count_exactly=True)
    found = client.ListCustomers(request)
    assert found.total_size == len(found.customers)
    return [customer.name for customer in found.customers]


def permitted(channel: str, purpose: str) -> pb.PermittedContact:
    return pb.PermittedContact(
        channel=permission_pb.ContactChannel.Value(f"CONTACT_CHANNEL_{channel}"),
        purpose=permission_pb.ContactPurpose.Value(f"CONTACT_PURPOSE_{purpose}"),
    )


def condition(permission: str, *said: str) -> pb.ConsentCondition:
    return pb.ConsentCondition(permission=permission, answers=[ANSWERS[one] for one in said])


@pytest.fixture
def many(acme: Company) -> dict[str, str]:
    """Customers with answers of every kind, by their ids: in use and not, merged and deleted."""
    dice = random.Random(7)
    ids = {}
    for number in range(40):
        customer_id = acme.create(f"C{number}")
        answer(acme, customer_id, **{name: dice.choice([None, None, False, True]) for name in CONSENTS})
        ids[customer_id] = f"C{number}"
    names = list(ids)
    for customer_id in names[:8]:
        deactivate(acme, customer_id)
    acme.merge(names[9], names[10])
    acme.merge(names[11], names[12], names[13])
    acme.delete(names[14])
    return ids


@pytest.mark.usefixtures("many")
def test_those_are_listed_whom_the_company_may_contact_so_and_nobody_else(
    acme: Company, served: Served, many: dict[str, str]
) -> None:
    client, seen = served.client(), set()
    for channel, purpose in product(CHANNELS, PURPOSES):
        with acme.transaction() as tx:
            checked = batch_check_contact_permissions(tx, list(many), channel, purpose)
        allowed = [many[one.customer_id] for one in checked if one.decision.allowed and not one.merged_into]
        assert listed(client, permitted=permitted(channel, purpose)) == allowed
        seen.add(len(allowed))
    assert len(seen) > 3


def test_the_number_in_the_database_is_that_of_the_answers_shown(acme: Company, many: dict[str, str]) -> None:
    for row in acme.rows("SELECT view, consents FROM customers"):
        said = [row["view"].get(permission, {}).get("value") for permission in WEIGHTS]
        places = [list(SAID.values()).index(value) for value in said]
        assert row["consents"] == sum(w * place for w, place in zip(WEIGHTS.values(), places, strict=True))


def test_an_answer_that_is_given_and_taken_back_is_found_as_it_stands_now(acme: Company, served: Served) -> None:
    client, ann, bob = served.client(), acme.create("Ann"), acme.create("Bob")
    answer(acme, ann, prefer_email=True, can_receive_offers=True)
    assert listed(client, permitted=permitted("EMAIL", "OFFERS")) == ["Ann"]
    assert listed(client, consents=[condition("prefer_email", "YES", "NO")]) == ["Ann"]
    assert listed(client, consents=[condition("prefer_email", "NOT_SAID")]) == ["Bob"]
    answer(acme, ann, can_receive_offers=False)
    answer(acme, bob, prefer_email=True)
    assert listed(client, permitted=permitted("EMAIL", "OFFERS")) == ["Bob"]
    both = [condition("prefer_email", "YES"), condition("can_receive_offers", "NO")]
    assert listed(client, consents=both) == ["Ann"]
    answer(acme, ann, can_receive_offers=None)
    assert listed(client, consents=both) == []
    assert listed(client, permitted=permitted("EMAIL", "OFFERS"), has_email=False) == ["Ann", "Bob"]


def test_a_merge_hides_the_consent_that_the_other_one_refused_and_its_undo_brings_it_back(
    acme: Company, served: Served
) -> None:
    client, ann, twin = served.client(), acme.create("Ann"), acme.create("Twin")
    answer(acme, ann, prefer_email=True)
    answer(acme, twin, prefer_email=False)
    acme.merge(ann, twin, merge_id=MERGE)
    assert listed(client, permitted=permitted("EMAIL", "LOYALTY")) == []
    acme.undo(MERGE)
    assert listed(client, permitted=permitted("EMAIL", "LOYALTY")) == ["Ann"]


def test_a_batch_takes_those_who_may_be_contacted(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    acme.create("Bob")
    answer(acme, ann, prefer_call=True)
    wanted = pb.CustomerFilter(permitted=permitted("CALL", "OFFERS"))
    parts = list(client.BatchAddTags(bulk_pb2.BatchAddTagsRequest(filter=wanted, tags=["to call"])))
    assert [outcome.customer_id for part in parts for outcome in part.outcomes] == [ann]
    assert listed(client, tags_any=["to call"], permitted=permitted("CALL", "OFFERS")) == ["Ann"]


def test_states_of_which_nobody_may_be_contacted_give_nobody(acme: Company, served: Served) -> None:
    client, idle = served.client(), acme.create("Idle")
    deactivate(acme, idle)
    assert listed(client, permitted=permitted("SMS", "OFFERS"), states=[IDLE]) == []
    assert listed(client, permitted=permitted("SMS", "TRANSACTIONAL"), states=[IDLE]) == ["Idle"]


def test_every_wrong_condition_on_consent_is_named(served: Served) -> None:
    wrong = pb.CustomerFilter(
        permitted=pb.PermittedContact(), consents=[pb.ConsentCondition(permission="prefer_fax", answers=[cast(Any, 9)])]
    )
    refused = served.client().refused("ListCustomers", pb.ListCustomersRequest(filter=wrong))
    assert {violation.field for violation in refused.detail(error_details_pb2.BadRequest).field_violations} == {
        "filter.permitted.channel", "filter.permitted.purpose", "filter.consents[0].permission",
        "filter.consents[0].answers",
    }  # fmt: skip
