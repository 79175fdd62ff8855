"""Customers are found by the ids of other systems, and looks at a record are counted without changing it."""

import uuid

import pytest

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import engagement_service_pb2 as engagement_pb
from patronage.customers.v1 import listing_pb2, lookup_pb2, views_pb2
from services.customers.domain.failures import CustomerNotFound
from services.customers.domain.views import Views
from services.customers.operations.lookup_customers import lookup_customers
from services.customers.operations.record_view import record_view
from services.customers.store import customer_views
from services.runtime.failures import FieldsInvalid
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.served import Served

Key = tuple[str, str]


def ids(*keys: Key) -> list[dict[str, str]]:
    return [{"system": system, "external_id": external_id} for system, external_id in keys]


def look_up(company: Company, *keys: Key) -> tuple[list[tuple[Key, str, str]], list[Key]]:
    with company.transaction() as tx:
        found, missing = lookup_customers(tx, keys)
    return [(one.key, one.shown["customer_id"], one.merged_from) for one in found], missing


def view(company: Company, customer_id: str) -> Views:
    found: Views = company.write(lambda tx: record_view(tx, customer_id)[0])
    return found


def test_ids_of_other_systems_find_their_customers_and_the_others_are_named(acme: Company, other: Company) -> None:
    ann = acme.create("Ann", external_ids=ids(("shop", "1"), ("crm", "a")))
    bo = acme.create("Bo", external_ids=ids(("shop", "2")))
    gone = acme.create("Gone", external_ids=ids(("shop", "3")))
    acme.delete(gone)
    other.create("Theirs", external_ids=ids(("shop", "4")))
    asked = [("shop", "2"), ("shop", "4"), ("crm", "a"), ("shop", "3"), ("shop", "1"), ("crm", "A"), ("shop", "2")]
    assert look_up(acme, *asked) == (
        [(("shop", "2"), bo, ""), (("crm", "a"), ann, ""), (("shop", "1"), ann, "")],
        [("shop", "4"), ("shop", "3"), ("crm", "A")],
    )


def test_the_id_of_a_merged_customer_finds_its_root(acme: Company) -> None:
    ann = acme.create("Ann", external_ids=ids(("shop", "1")))
    bo = acme.create("Bo", external_ids=ids(("shop", "2")))
    merge = acme.merge(ann, bo).merge
    assert look_up(acme, ("shop", "2"), ("shop", "1"))[0] == [(("shop", "2"), ann, bo), (("shop", "1"), ann, "")]
    acme.update(ann, external_ids=ids(("shop", "1")))
    assert acme.shown(ann)["external_ids"] == ids(("shop", "1"))
    assert look_up(acme, ("shop", "2"))[0] == [(("shop", "2"), ann, bo)], "it stays with whose own it is"
    acme.undo(merge.merge_id)
    assert look_up(acme, ("shop", "2"))[0] == [(("shop", "2"), bo, "")]


def test_whole_numbers_and_uuids_of_older_systems_are_ids_like_others(acme: Company) -> None:
    old = str(uuid.uuid4())
    acme.import_rows({"id": "42", "name": "Ann"}, source="payme")
    acme.import_rows({"id": old, "name": "Bo"}, source="phase3c")
    found, missing = look_up(acme, ("payme", "42"), ("phase3c", old))
    assert (len(found), missing) == (2, [])


def test_a_look_up_names_every_wrong_id(acme: Company) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        look_up(acme, ("", "1"), ("shop", "x" * 256), ("a\0", "1"))
    assert [item.field for item in raised.value.fields] == [
        "external_ids[0].system",
        "external_ids[1].external_id",
        "external_ids[2].system",
    ]
    for keys in ((), tuple(("shop", str(place)) for place in range(1001))):
        with pytest.raises(FieldsInvalid) as raised:
            look_up(acme, *keys)
        assert [item.field for item in raised.value.fields] == ["external_ids"]


def test_customers_that_are_together_too_large_are_refused_with_how_many_fit(acme: Company) -> None:
    large = {f"key{place}": "x" * 900 for place in range(16)}
    keys = [("shop", str(place)) for place in range(250)]
    acme.import_rows(*[{"id": key, "name": "Large", "metadata": large} for _, key in keys], source="shop")
    with pytest.raises(FieldsInvalid, match="ask for"):
        look_up(acme, *keys)


def test_a_look_up_over_the_wire(served: Served, acme: Company) -> None:
    ann = acme.create("Ann", external_ids=ids(("shop", "1")))
    asked = [model.ExternalId(system="shop", external_id=number) for number in ("1", "2")]
    found = served.client().LookupCustomers(lookup_pb2.LookupCustomersRequest(external_ids=asked))
    [one] = found.customers
    assert (one.external_id, one.customer.customer_id, one.merged_from) == (asked[0], ann, "")
    assert list(found.missing) == asked[1:]


def test_looks_are_counted_and_the_record_stays_as_it_is(acme: Company) -> None:
    ann = acme.create("Ann")
    before = acme.shown(ann)
    assert [view(acme, ann).count for _ in range(3)] == [1, 2, 3]
    assert view(acme, ann).is_recent
    assert acme.shown(ann) == before
    with acme.admin() as connection:
        assert connection.execute("SELECT count(*) FROM feed").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM audit_log").fetchone() == (1,)


def test_looks_of_many_at_once_are_all_counted(acme: Company) -> None:
    ann = acme.create("Ann")
    found = at_once(*[lambda: view(acme, ann)] * 20)
    assert failures(found) == []
    assert view(acme, ann).count == 21


def test_a_root_shows_the_looks_of_its_tree_until_the_undo(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    view(acme, ann)
    view(acme, bo)
    merge = acme.merge(ann, bo).merge
    assert view(acme, bo).count == 3
    acme.undo(merge.merge_id)
    assert (view(acme, ann).count, view(acme, bo).count) == (2, 3)


def test_a_look_of_more_than_a_week_ago_is_not_recent(acme: Company) -> None:
    ann = acme.create("Ann")
    view(acme, ann)
    with acme.admin() as connection:
        connection.execute("UPDATE customer_views SET last_viewed_at = now() - interval '7 days'")
    with acme.transaction() as tx:
        found = customer_views.of_trees(tx, [ann])[ann]
    assert (found.count, found.is_recent) == (1, False)


def test_a_customer_that_nobody_looked_at_has_no_time(acme: Company) -> None:
    ann = acme.create("Ann")
    with acme.transaction() as tx:
        assert customer_views.of_trees(tx, [ann]) == {ann: Views(0, None, False)}


def test_nobody_looks_at_deleted_unknown_and_foreign_customers(acme: Company, other: Company) -> None:
    ann = acme.create("Ann")
    acme.delete(ann)
    for asked in (ann, str(uuid.uuid4()), other.create("Bo"), "x"):
        with pytest.raises(CustomerNotFound):
            view(acme, asked)
    assert acme.value("SELECT count(*) FROM customer_views") == 0


def test_a_look_that_is_sent_twice_counts_once(served: Served, acme: Company) -> None:
    ann, client = acme.create("Ann"), served.client(scopes=["customers:read"])
    request = views_pb2.RecordViewRequest(customer_id=ann, request_id=str(uuid.uuid4()))
    first = client.RecordView(request)
    assert client.RecordView(request) == first
    assert (first.views.view_count, first.views.is_recently_viewed) == (1, True)
    assert client.RecordView(views_pb2.RecordViewRequest(customer_id=ann)).views.view_count == 2


def test_a_list_shows_signs_where_they_are_asked_for(served: Served, acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    client = served.client()
    offer = engagement_pb.Engagement(kind=engagement_pb.ENGAGEMENT_KIND_OFFER, title="Roof")
    made = client.CreateEngagement(engagement_pb.CreateEngagementRequest(customer_id=bo, engagement=offer))
    client.RecordView(views_pb2.RecordViewRequest(customer_id=cy))
    acme.merge(ann, bo)
    request = listing_pb2.ListCustomersRequest(include_signs=True)
    page = client.ListCustomers(request)
    shown = zip(page.customers, page.signs, strict=True)
    assert [(one.customer_id, sign.has_active_quote, sign.views.is_recently_viewed) for one, sign in shown] == [
        (ann, True, False),
        (cy, False, True),
    ]
    client.DeleteEngagement(engagement_pb.DeleteEngagementRequest(engagement_id=made.engagement.engagement_id))
    assert [sign.has_active_quote for sign in client.ListCustomers(request).signs] == [False, False]
    assert list(client.ListCustomers(listing_pb2.ListCustomersRequest()).signs) == []
