"""The audit log is read by customer, time and actor, a page at a time, and says what differs and with what program."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import audit_service_pb2 as pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as customer_pb
from patronage.customers.v1 import note_service_pb2 as note_pb
from patronage.customers.v1 import tags_pb2
from services.customers.domain.audit import AuditQuestion
from services.customers.domain.failures import CustomerNotFound
from services.customers.operations.list_audit_entries import AuditPage, list_audit_entries
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from tests.integration.customers.company import Company
from tests.integration.customers.served import Served


def entries(company: Company, customer_id: str = "", size: int = 0, token: str = "", **question: Any) -> AuditPage:
    with company.transaction() as tx:
        return list_audit_entries(tx, customer_id, AuditQuestion(**question), page_size=size, page_token=token)


def whole(company: Company, customer_id: str = "", size: int = 0, **question: Any) -> list[Any]:
    found, token = list[Any](), ""
    while True:
        page = entries(company, customer_id, size, token, **question)
        found += page.entries
        token = page.next_page_token
        if not token:
            return found


def test_an_entry_says_which_fields_differ_and_nothing_of_the_bookkeeping(acme: Company) -> None:
    ann = acme.create("Ann", email="a@x.io")
    acme.update(ann, name="Anne", tags=["a"])
    acme.delete(ann)
    deleted, updated, created = whole(acme, ann)
    assert (updated.changed_fields, updated.action, updated.table) == (["name", "tags"], "UPDATE", "customers")
    assert deleted.changed_fields == ["deleted_at", "state", "state_before"]
    assert {"name", "contact_points", "state"} <= set(created.changed_fields)
    assert (created.old_values, created.action) == (None, "INSERT")


def test_an_edit_over_merged_customers_is_named_by_its_field(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.merge(ann, bo)
    acme.update(ann, organization="Acme")
    assert whole(acme, ann)[0].changed_fields == ["organization"]


def test_entries_of_a_customer_are_those_of_its_tree_and_of_what_belongs_to_it(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    acme.note(bo)
    merge = acme.merge(ann, bo).merge
    acme.note(cy)
    found = whole(acme, bo)
    assert {entry.table for entry in found} == {"customers", "notes", "merges", "merge_snapshots"}
    assert {entry.customer_id for entry in found} == {ann, bo}
    acme.undo(merge.merge_id)
    assert {entry.customer_id for entry in whole(acme, bo)} == {bo}


def test_entries_of_a_deleted_customer_are_there(acme: Company) -> None:
    ann = acme.create("Ann")
    acme.delete(ann)
    assert len(whole(acme, ann)) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("of_one", [True, False])
def test_pages_are_the_whole_log_newest_first(acme: Company, size: int, of_one: bool) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.merge(ann, bo)
    for place in range(5):
        acme.update(ann, organization=f"o{place}")
    found = whole(acme, ann if of_one else "", size)
    assert len(found) == acme.value("SELECT count(*) FROM audit_log")
    assert found == sorted(found, key=lambda entry: (entry.changed_at, entry.number), reverse=True)
    assert len({entry.number for entry in found}) == len(found)


def test_entries_are_chosen_by_actor_and_time(acme: Company, served: Served) -> None:
    acme.create("Ann")
    client = served.client(subject="bo", name="Bo")
    client.CreateCustomer(customer_pb.CreateCustomerRequest(customer=model.Customer(name="Cy")))
    assert [entry.actor.subject for entry in whole(acme, actor="bo")] == ["bo"]
    assert whole(acme, actor="b") == []
    newest, oldest = whole(acme)
    assert whole(acme, from_time=newest.changed_at) == [newest]
    assert whole(acme, before_time=newest.changed_at) == [oldest]
    assert whole(acme, from_time=newest.changed_at + timedelta(seconds=1)) == []


def test_a_call_is_written_down_with_its_caller_its_program_and_its_id(served: Served) -> None:
    client = served.client()
    metadata = Struct()
    metadata["n"] = 1.5
    made = customer_pb.CreateCustomerRequest(customer=model.Customer(name="Ann", metadata=metadata))
    ann = client.CreateCustomer(made).customer.customer_id
    client.AddTags(tags_pb2.AddTagsRequest(customer_id=ann, tags=["vip"]))
    client.CreateNote(note_pb.CreateNoteRequest(customer_id=ann, note=note_pb.Note(content="called")))
    page = client.ListAuditEntries(pb.ListAuditEntriesRequest(customer_id=ann))
    note, tags, created = page.entries
    assert (note.table_name, note.customer_id, note.action) == ("notes", ann, pb.AUDIT_ACTION_INSERT)
    assert (list(tags.changed_fields), tags.action) == (["tags"], pb.AUDIT_ACTION_UPDATE)
    assert created.new_values["own"]["fields"]["metadata"]["n"] == 1.5
    assert not created.HasField("old_values")
    for entry in page.entries:
        assert (entry.actor.subject, entry.actor.name, entry.peer) == ("ann", "Ann", "127.0.0.1")
        assert entry.user_agent.startswith("grpc-python/")
        assert len(entry.request_id) == 32
        assert abs(entry.change_time.ToDatetime(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)
    assert len({entry.request_id for entry in page.entries}) == 3


def test_another_company_reads_nothing_of_it(acme: Company, other: Company) -> None:
    ann = acme.create("Ann")
    assert whole(other) == []
    for asked in (ann, str(uuid.uuid4()), "x"):
        with pytest.raises(CustomerNotFound):
            entries(other, asked)


def test_the_log_is_read_with_its_scope_alone(served: Served) -> None:
    found = served.client(scopes=["customers:read", "customers:write"]).refused(
        "ListAuditEntries", pb.ListAuditEntriesRequest()
    )
    assert found.metadata["scope"] == "audit:read"
    served.client(scopes=["audit:read"]).ListAuditEntries(pb.ListAuditEntriesRequest())


def test_a_token_of_another_question_and_wrong_fields_are_refused(acme: Company, served: Served) -> None:
    for name in ("Ann", "Bo"):
        acme.create(name)
    token = entries(acme, size=1).next_page_token
    with pytest.raises(PageTokenMismatch):
        entries(acme, size=1, token=token, actor="ann")
    with pytest.raises(FieldsInvalid) as raised:
        entries(acme, size=-1, actor="x" * 256)
    assert [item.field for item in raised.value.fields] == ["page_size", "actor"]
    request = pb.ListAuditEntriesRequest(from_time=Timestamp(seconds=2**60))
    assert served.client().refused("ListAuditEntries", request).fields == ["from_time"]


@pytest.fixture(scope="module")
def long_log(kept_company: Company) -> Company:
    with kept_company.admin() as connection:
        connection.execute(
            """INSERT INTO audit_log (company_id, table_name, record_id, customer_id, action, actor, actor_name, peer,
                   request_id, changed_at)
               SELECT 'acme', 'customers', n::text, (n % 1000)::text, 'INSERT', 'u' || n % 50, '', '', '',
                      now() - n * interval '1 minute' FROM generate_series(1, 20000) AS n"""
        )
        connection.execute("ANALYZE audit_log")
    return kept_company


@pytest.mark.parametrize("kind", ["company", "customer", "actor"])
def test_each_question_is_answered_from_its_index(long_log: Company, kind: str) -> None:
    where = {"company": "true", "customer": "customer_id = '7' AND customer_id <> ''", "actor": "actor = 'u7'"}[kind]
    with long_log.transaction() as tx:
        sql = f"""EXPLAIN (FORMAT JSON, ANALYZE) SELECT audit_id FROM audit_log
            WHERE company_id = (SELECT app_company()) AND (changed_at, audit_id) < ('infinity', 9223372036854775807)
              AND {where} ORDER BY changed_at DESC, audit_id DESC LIMIT 21"""
        plan = str(tx.value(sql))
    assert "Seq Scan" not in plan
    assert "Rows Removed by Filter" not in plan
    assert "'Sort Key'" not in plan
