"""States of a record: deleted and brought back, out of use and in use, for one customer and for a tree."""

import uuid
from functools import partial
from typing import Any

import grpc
import pytest

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import states_pb2
from services.customers.domain.failures import CustomerDeleted, CustomerNotFound, DuplicateCustomer
from services.customers.operations.deactivate_customer import deactivate_customer
from services.customers.operations.reactivate_customer import reactivate_customer
from services.customers.operations.undelete_customer import undelete_customer
from services.customers.store.rows import StoredCustomer
from services.runtime.failures import EtagMismatch
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.refolding import assert_views_are_folded
from tests.integration.customers.served import Served

AS_ACME = "SELECT set_config('app.company_id', 'acme', false)"
EVENTS = "SELECT type, data FROM events WHERE origin_customer_id = %s::uuid ORDER BY created_at, event_id"
FED = "SELECT kind, payload ->> 'customer_id' AS customer_id FROM feed ORDER BY xid, seq"


def undelete(company: Company, customer_id: str, etag: str = "", *, allow: bool = False) -> Any:
    return company.write(lambda tx: undelete_customer(tx, customer_id, etag, "by mistake", allow_duplicates=allow))


def deactivate(company: Company, customer_id: str, etag: str = "") -> StoredCustomer:
    found: StoredCustomer = company.write(lambda tx: deactivate_customer(tx, customer_id, etag, "moved away")).after
    return found


def reactivate(company: Company, customer_id: str, etag: str = "") -> StoredCustomer:
    found: StoredCustomer = company.write(lambda tx: reactivate_customer(tx, customer_id, etag, "is back")).after
    return found


def events(company: Company, customer_id: str) -> list[str]:
    return [row["type"] for row in company.rows(EVENTS, customer_id)]


def feed(company: Company) -> list[tuple[str, str]]:
    with company.admin() as connection:
        return [(str(kind), str(customer)) for kind, customer in connection.execute(FED).fetchall()]


def test_a_state_that_was_moved_after_a_merge_is_listed_by_its_undo(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    merge_id = acme.merge(ann, bo).merge.merge_id
    deactivate(acme, ann)
    undone = acme.undo(merge_id)
    assert [(edit.customer_id, edit.field) for edit in undone.later_edits] == [(ann, "state")]
    assert (undone.target.state, [source.state for source in undone.sources]) == ("INACTIVE", ["ACTIVE"])
    again = acme.merge(ann, bo).merge.merge_id
    acme.delete(bo)
    undelete(acme, ann)
    undone = acme.undo(again)
    assert [(edit.customer_id, edit.field) for edit in undone.later_edits] == [(ann, "state")]
    assert undone.digests[bo][0] == undone.digests[bo][1]


def test_a_deleted_customer_comes_back_as_it_was(acme: Company) -> None:
    ann = acme.create("Ann", email="ann@x.io", tags=["a"])
    before = acme.shown(ann)
    acme.delete(ann)
    back = undelete(acme, ann).changed.after
    after = acme.shown(ann)
    left = {"etag", "revision", "updated_at"}
    assert {name: value for name, value in after.items() if name not in left} == {
        name: value for name, value in before.items() if name not in left
    }
    assert (back.state, back.revision, "deleted_at" in back.view) == ("ACTIVE", 3, False)
    assert events(acme, ann) == ["created", "deleted", "restored"]
    assert [kind for kind, _ in feed(acme)] == ["CREATED", "DELETED", "UNDELETED"]
    assert acme.value("SELECT count(*) FROM customer_keys") == 1
    assert_views_are_folded(acme)


def test_one_that_was_out_of_use_comes_back_out_of_use(acme: Company) -> None:
    ann = acme.create("Ann")
    deactivate(acme, ann)
    acme.delete(ann)
    assert undelete(acme, ann).changed.after.state == "INACTIVE"


def test_a_root_comes_back_with_its_tree(acme: Company) -> None:
    ann, bo = acme.create("Ann", email="a@x.io"), acme.create("Bo", phone="+1 202 555 0100")
    merge = acme.merge(ann, bo).merge
    acme.delete(ann)
    assert undelete(acme, bo).changed.after.customer_id == ann
    assert acme.get(bo).merged_from == bo
    acme.undo(merge.merge_id)
    assert (acme.shown(ann)["state"], acme.shown(bo)["state"]) == ("ACTIVE", "ACTIVE")
    assert_views_are_folded(acme)


def test_a_source_that_was_merged_stays_hidden_with_its_deleted_root_until_the_undo(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    merge = acme.merge(ann, bo).merge
    acme.delete(ann)
    acme.undo(merge.merge_id)
    assert acme.shown(bo)["state"] == "ACTIVE"
    with pytest.raises(CustomerNotFound):
        acme.get(ann)
    assert undelete(acme, ann).changed.after.state == "ACTIVE"


def test_a_key_that_was_taken_meanwhile_is_told_unless_it_may_be_shared(acme: Company) -> None:
    ann = acme.create("Ann", email="ann@x.io")
    acme.delete(ann)
    other = acme.create("Anne", email="ann@x.io")
    with pytest.raises(DuplicateCustomer) as raised:
        undelete(acme, ann)
    assert [(hit.customer_id, hit.key_kind) for hit in raised.value.hits] == [(other, "EMAIL")]
    assert [hit.customer_id for hit in undelete(acme, ann, allow=True).duplicates] == [other]
    assert acme.value("SELECT count(*) FROM customer_keys") == 2


def test_of_a_creation_and_an_undelete_with_one_key_at_once_one_wins(acme: Company) -> None:
    for _ in range(5):
        email = f"{uuid.uuid4()}@x.io"
        ann = acme.create("Ann", email=email)
        acme.delete(ann)
        found = at_once(partial(undelete, acme, ann), partial(acme.creation, "REJECT", name="Anne", email=email))
        assert failures(found) == ["DuplicateCustomer"]
        assert acme.value("SELECT count(*) FROM customer_keys WHERE value = %s", email) == 1


@pytest.mark.parametrize("move", [undelete, deactivate, reactivate])
def test_a_move_to_where_it_is_changes_nothing(acme: Company, move: Any) -> None:
    ann = acme.create("Ann")
    if move is deactivate:
        deactivate(acme, ann)
    before = acme.shown(ann)
    move(acme, ann)
    assert acme.shown(ann) == before


@pytest.mark.parametrize("move", [deactivate, reactivate])
def test_a_deleted_customer_is_not_moved(acme: Company, move: Any) -> None:
    ann = acme.create("Ann")
    acme.delete(ann)
    with pytest.raises(CustomerDeleted):
        move(acme, ann)


@pytest.mark.parametrize("move", [undelete, deactivate, reactivate])
def test_an_erased_customer_stays_erased(acme: Company, move: Any) -> None:
    ann = acme.create("Ann")
    with acme.admin() as connection:
        connection.execute(AS_ACME)
        connection.execute("UPDATE customers SET state = 'ERASED', own = jsonb_set(own, '{state}', '\"ERASED\"')")
    with pytest.raises(CustomerDeleted):
        move(acme, ann)


@pytest.mark.parametrize("move", [undelete, deactivate, reactivate])
def test_an_old_etag_moves_nothing(acme: Company, move: Any) -> None:
    ann = acme.creation(name="Ann").customer
    acme.update(ann.customer_id, name="Anne")
    if move is undelete:
        acme.delete(ann.customer_id)
    if move is reactivate:
        deactivate(acme, ann.customer_id)
    with pytest.raises(EtagMismatch):
        move(acme, ann.customer_id, ann.etag)


@pytest.mark.parametrize("kind", ["unknown", "foreign", "garbage"])
@pytest.mark.parametrize("move", [undelete, deactivate, reactivate])
def test_an_id_of_nobody_is_not_found(acme: Company, other: Company, kind: str, move: Any) -> None:
    asked = {"unknown": str(uuid.uuid4()), "foreign": other.create("Ann"), "garbage": "'; --"}[kind]
    with pytest.raises(CustomerNotFound):
        move(acme, asked)


def test_out_of_use_and_into_use_are_told_with_the_reason(acme: Company) -> None:
    ann = acme.create("Ann", email="a@x.io")
    assert deactivate(acme, ann).state == "INACTIVE"
    assert acme.shown(ann)["state"] == "INACTIVE"
    assert acme.value("SELECT count(*) FROM customer_keys") == 1
    assert reactivate(acme, ann).state == "ACTIVE"
    told = acme.rows(EVENTS, ann)
    assert [(row["type"], row["data"]) for row in told[1:]] == [
        ("deactivated", {"reason": "moved away"}),
        ("reactivated", {"reason": "is back"}),
    ]
    assert [kind for kind, _ in feed(acme)] == ["CREATED", "UPDATED", "UPDATED"]


def test_a_merged_id_moves_its_root(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.merge(ann, bo)
    assert deactivate(acme, bo).customer_id == ann
    assert acme.shown(bo)["state"] == "INACTIVE"
    assert_views_are_folded(acme)


def test_of_two_that_move_with_one_etag_one_wins(acme: Company) -> None:
    ann = acme.creation(name="Ann").customer
    found = at_once(*[lambda: deactivate(acme, ann.customer_id, ann.etag)] * 2)
    assert failures(found) == ["EtagMismatch"]


def test_a_job_that_goes_on_keeps_its_customer(acme: Company, served: Served) -> None:
    ann = acme.create("Ann")
    job = str(uuid.uuid4())
    with acme.admin() as connection:
        connection.execute(AS_ACME)
        connection.execute(
            """INSERT INTO engagements (company_id, engagement_id, origin_customer_id, kind, status, title, description,
                   status_at, author, author_name, created_at, revision, updated_at, updated_by, updated_by_name)
               VALUES ('acme', %s, %s, 'JOB', 'SCHEDULED', 'Roof', '', now(), 'ann', '', now(), 1, now(), 'ann', '')""",
            (job, ann),
        )
    client = served.client()
    found = client.refused("DeleteCustomer", pb.DeleteCustomerRequest(customer_id=ann))
    assert (found.code, found.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ACTIVE_JOBS")
    request = pb.DeleteCustomerRequest(customer_id=ann, force=True, reason="insolvent")
    unable = served.client(scopes=["customers:delete"]).refused("DeleteCustomer", request)
    assert (unable.reason, unable.metadata["scope"]) == ("SCOPE_MISSING", "customers:force")
    assert client.DeleteCustomer(request).customer.state == model.CUSTOMER_STATE_DELETED
    assert acme.rows(EVENTS, ann)[-1]["data"] == {"reason": "insolvent", "forced": True}


def test_a_repeated_request_answers_the_same_and_moves_once(served: Served) -> None:
    client = served.client()
    ann = client.CreateCustomer(pb.CreateCustomerRequest(customer=model.Customer(name="Ann"))).customer.customer_id
    request = states_pb2.DeactivateCustomerRequest(customer_id=ann, request_id=str(uuid.uuid4()))
    first = client.DeactivateCustomer(request)
    client.ReactivateCustomer(states_pb2.ReactivateCustomerRequest(customer_id=ann))
    assert client.DeactivateCustomer(request) == first
    assert client.GetCustomer(pb.GetCustomerRequest(customer_id=ann)).customer.state == model.CUSTOMER_STATE_ACTIVE


def test_a_reason_that_is_too_long_is_named(served: Served) -> None:
    client = served.client()
    for method, request in (
        ("DeleteCustomer", pb.DeleteCustomerRequest(reason="x" * 501)),
        ("UndeleteCustomer", states_pb2.UndeleteCustomerRequest(reason="x" * 501)),
        ("DeactivateCustomer", states_pb2.DeactivateCustomerRequest(reason="x\0")),
        ("ReactivateCustomer", states_pb2.ReactivateCustomerRequest(reason="x" * 501)),
    ):
        assert client.refused(method, request).fields == ["customer_id", "reason"]
