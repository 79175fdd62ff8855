"""Whatever may be stored of a customer fits into every message that carries one."""

from typing import Any

import pytest
from google.protobuf.message import Message

from patronage.customers.v1 import change_feed_pb2, customer_pb2, customer_service_pb2, listing_pb2
from services.customers.convert.customer import customer_message, draft_of
from services.customers.domain.draft import DEEPEST_METADATA, check
from services.customers.domain.edits import new_record
from services.customers.domain.forest import Tree
from services.customers.domain.view import root_view
from tests.unit.customers.forests import ANN, START


def deep(levels: int) -> dict[str, Any]:
    return {"x": deep(levels - 1)} if levels > 1 else {"x": "at the bottom"}


def stored(**draft: Any) -> customer_pb2.Customer:
    """The message of a customer that was created with a draft."""
    own = new_record(check(draft, region="US", now=START).fields, START, ANN)
    view = root_view(Tree("T", {"T": own}))
    return customer_message("acme", {**view.data, "customer_id": "T", "etag": view.etag, "revision": 1})


@pytest.mark.parametrize(
    "carry",
    [
        lambda customer: customer_service_pb2.GetCustomerResponse(customer=customer),
        lambda customer: listing_pb2.ListCustomersResponse(customers=[customer]),
        lambda customer: customer_service_pb2.BatchGetCustomersResponse(
            customers=[customer_service_pb2.GetCustomerResponse(customer=customer)]
        ),
        lambda customer: change_feed_pb2.FollowChangesResponse(changes=[change_feed_pb2.Change(customer=customer)]),
    ],
)
def test_the_deepest_free_data_comes_through_in_every_answer(carry: Any) -> None:
    customer = stored(name="Ann", metadata=deep(DEEPEST_METADATA))
    assert customer.HasField("metadata")
    sent: Message = carry(customer)
    assert type(sent).FromString(sent.SerializeToString()) == sent


def test_what_is_shown_is_a_draft_of_itself() -> None:
    draft = {
        "given_name": "Ann",
        "family_name": "Lee",
        "party_type": "ORGANIZATION",
        "birth_date": "0001-02-03",
        "contact_points": [{"kind": "ADDRESS", "value": "", "postal_address": {"city": "Nairobi"}}],
        "external_ids": [{"system": "shop", "external_id": "7"}],
        "tags": ["a"],
        "identifiers": ["TAX-1"],
        "metadata": {"n": 1.5, "deep": [None, True]},
    }
    once = stored(**draft)
    again = stored(**draft_of(once))
    assert again == once
