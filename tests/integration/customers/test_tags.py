"""Tags are added and removed one by one, by people at once, on merged trees too."""

import uuid
from collections.abc import Sequence

import pytest

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import tags_pb2
from services.customers.domain.failures import CustomerDeleted, CustomerNotFound
from services.customers.operations.add_tags import add_tags
from services.customers.operations.remove_tags import remove_tags
from services.runtime.failures import EtagMismatch, FieldsInvalid
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.refolding import assert_views_are_folded
from tests.integration.customers.served import Served

EVENTS = "SELECT type, data FROM events WHERE origin_customer_id = %s::uuid ORDER BY created_at, event_id"


def add(company: Company, customer_id: str, *tags: str, etag: str = "") -> Sequence[str]:
    changed = company.write(lambda tx: add_tags(tx, customer_id, tags, etag))
    shown: Sequence[str] = changed.after.view.get("tags", [])
    return shown


def remove(company: Company, customer_id: str, *tags: str, etag: str = "") -> Sequence[str]:
    changed = company.write(lambda tx: remove_tags(tx, customer_id, tags, etag))
    shown: Sequence[str] = changed.after.view.get("tags", [])
    return shown


def test_tags_come_and_go_and_the_timeline_says_which(acme: Company) -> None:
    ann = acme.create("Ann", tags=["a"])
    assert add(acme, ann, "b", "a", " c ") == ["a", "b", "c"]
    assert remove(acme, ann, "a", "never had") == ["b", "c"]
    assert acme.rows(EVENTS, ann)[1:] == [
        {"type": "tags_added", "data": {"tags": ["b", "c"]}},
        {"type": "tags_removed", "data": {"tags": ["a"]}},
    ]
    assert_views_are_folded(acme)


def test_what_changes_nothing_writes_nothing(acme: Company) -> None:
    ann = acme.create("Ann", tags=["a"])
    before = acme.shown(ann)
    add(acme, ann, "a")
    remove(acme, ann, "b")
    assert acme.shown(ann) == before


def test_an_update_that_replaces_the_tags_tells_the_same_events(acme: Company) -> None:
    ann = acme.create("Ann", tags=["a"])
    acme.update(ann, tags=["b"])
    assert acme.rows(EVENTS, ann)[1:] == [
        {"type": "tags_added", "data": {"tags": ["b"]}},
        {"type": "tags_removed", "data": {"tags": ["a"]}},
    ]


def test_tags_of_a_merged_root_go_back_with_the_undo(acme: Company) -> None:
    ann, bo = acme.create("Ann", tags=["a"]), acme.create("Bo", tags=["b"])
    merge = acme.merge(ann, bo).merge
    assert add(acme, bo, "c") == ["a", "b", "c"]
    assert remove(acme, ann, "b") == ["a", "c"]
    assert_views_are_folded(acme)
    acme.undo(merge.merge_id)
    assert (acme.shown(ann)["tags"], acme.shown(bo)["tags"]) == (["a", "c"], ["b"])
    assert_views_are_folded(acme)


def test_tags_that_many_add_at_once_are_all_there(acme: Company) -> None:
    ann = acme.create("Ann")
    found = at_once(*[lambda place=place: add(acme, ann, f"t{place}") for place in range(10)])
    assert failures(found) == []
    assert acme.shown(ann)["tags"] == sorted(f"t{place}" for place in range(10))


def test_a_customer_takes_a_hundred_tags(acme: Company) -> None:
    ann = acme.create("Ann")
    add(acme, ann, *[f"t{place}" for place in range(100)])
    with pytest.raises(FieldsInvalid) as raised:
        add(acme, ann, "one more")
    assert [item.field for item in raised.value.fields] == ["tags"]
    assert len(remove(acme, ann, "t0")) == 99


@pytest.mark.parametrize("call", [add, remove])
def test_every_wrong_field_is_named(acme: Company, call: object) -> None:
    assert callable(call)
    for tags, fields in (
        ((), ["customer_id", "tags"]),
        (("", "x" * 65, "a\0"), ["customer_id", "tags[0]", "tags[1]", "tags[2]"]),
        (tuple(map(str, range(101))), ["customer_id", "tags"]),
    ):
        with pytest.raises(FieldsInvalid) as raised:
            call(acme, "", *tags)
        assert [item.field for item in raised.value.fields] == fields


@pytest.mark.parametrize("call", [add, remove])
def test_deleted_unknown_and_foreign_customers_take_no_tags(acme: Company, other: Company, call: object) -> None:
    assert callable(call)
    ann = acme.create("Ann")
    acme.delete(ann)
    with pytest.raises(CustomerDeleted):
        call(acme, ann, "a")
    for asked in (str(uuid.uuid4()), other.create("Bo"), "x"):
        with pytest.raises(CustomerNotFound):
            call(acme, asked, "a")


def test_an_old_etag_tags_nothing(acme: Company) -> None:
    ann = acme.creation(name="Ann", tags=["a"]).customer
    acme.update(ann.customer_id, name="Anne")
    for call in (add, remove):
        with pytest.raises(EtagMismatch):
            call(acme, ann.customer_id, "a", "b", etag=ann.etag)
    assert acme.shown(ann.customer_id)["tags"] == ["a"]


def test_the_answer_says_which_tags_changed_once_for_one_request_id(served: Served) -> None:
    client = served.client()
    made = pb.CreateCustomerRequest(customer=model.Customer(name="Ann", tags=["a"]))
    ann = client.CreateCustomer(made).customer.customer_id
    adding = tags_pb2.AddTagsRequest(customer_id=ann, tags=["a", "b"], request_id=str(uuid.uuid4()))
    added = client.AddTags(adding)
    assert (list(added.added_tags), list(added.customer.tags)) == (["b"], ["a", "b"])
    removed = client.RemoveTags(tags_pb2.RemoveTagsRequest(customer_id=ann, tags=["b", "c"]))
    assert (list(removed.removed_tags), list(removed.customer.tags)) == (["b"], ["a"])
    assert client.AddTags(adding) == added
    assert list(client.GetCustomer(pb.GetCustomerRequest(customer_id=ann)).customer.tags) == ["a"]
