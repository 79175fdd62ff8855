"""Changing, reading and deleting customers, merged ones too."""

import pytest

from services.customers.domain.failures import CustomerDeleted, CustomerNotFound, DuplicateCustomer
from services.customers.operations.get_customer import batch_get_customers
from services.customers.store.rows import StoredCustomer
from services.runtime.failures import EtagMismatch, FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.customers.company import Company, at_once, failures


def test_a_change_has_a_new_etag_and_the_next_revision(acme: Company) -> None:
    ann = acme.creation(name="Ann").customer
    now = acme.update(ann.customer_id, organization="Acme")
    assert now.etag != ann.etag
    assert (now.revision, acme.shown(ann.customer_id)["organization"]) == (2, "Acme")


def test_a_change_that_changes_nothing_writes_nothing(acme: Company) -> None:
    ann = acme.creation(name="Ann", email="a@x.io").customer
    assert acme.update(ann.customer_id, name="Ann", email="a@x.io") == acme.tree(ann.customer_id).root
    assert acme.tree(ann.customer_id).root.revision == 1
    assert acme.value("SELECT count(*) FROM audit_log") == 1


def test_of_two_updates_with_one_etag_one_wins(acme: Company) -> None:
    ann = acme.creation(name="Ann").customer
    found = at_once(*[lambda n=n: acme.update(ann.customer_id, ann.etag, name=f"Ann {n}") for n in range(8)])
    assert failures(found) == ["EtagMismatch"] * 7
    [won] = [one for one in found if isinstance(one, StoredCustomer)]
    assert acme.shown(ann.customer_id)["name"] == won.view["name"]


def test_updates_of_one_customer_at_once_are_all_kept(acme: Company) -> None:
    ann = acme.create("Ann")
    fields = ["organization", "given_name", "title", "source_campaign", "birth_date_text"]
    found = at_once(*[lambda field=field: acme.update(ann, **{field: "x"}) for field in fields])
    assert failures(found) == []
    shown = acme.shown(ann)
    assert [shown[field] for field in fields] == ["x"] * 5
    assert shown["revision"] == 6


def test_a_key_of_another_customer_cannot_be_taken_over(acme: Company) -> None:
    bo = acme.create("Bo", email="bo@x.io")
    ann = acme.create("Ann", email="ann@x.io")
    with pytest.raises(DuplicateCustomer) as raised:
        acme.update(ann, email="bo@x.io")
    assert [hit.customer_id for hit in raised.value.hits] == [bo]


def test_a_key_that_was_shared_before_may_stay(acme: Company) -> None:
    acme.create("Bo", email="bo@x.io")
    ann = acme.create("Ann", email="bo@x.io")
    assert acme.update(ann, name="Anne", email="bo@x.io").view["name"] == "Anne"


def test_two_that_swap_their_e_mails_at_once_do_not_end_with_the_same(acme: Company) -> None:
    ann, bo = acme.create("Ann", email="ann@x.io"), acme.create("Bo", email="bo@x.io")
    at_once(lambda: acme.update(ann, email="new@x.io"), lambda: acme.update(bo, email="new@x.io"))
    assert acme.value("SELECT count(*) FROM customer_keys WHERE value = 'new@x.io'") == 1


def test_keys_follow_the_record(acme: Company) -> None:
    ann = acme.create("Ann", email="ann@x.io", phone="+1 202 555 0100")
    acme.update(ann, paths=["phone", "email"], email="new@x.io")
    assert [row["value"] for row in acme.rows("SELECT value FROM customer_keys")] == ["new@x.io"]


def test_an_external_id_that_is_given_up_may_be_taken_by_another(acme: Company) -> None:
    ids = [{"system": "shop", "external_id": "1"}]
    ann, bo = acme.create("Ann", external_ids=ids), acme.create("Bo")
    with pytest.raises(FieldsInvalid):
        acme.update(bo, external_ids=ids)
    acme.update(ann, paths=["external_ids"])
    assert acme.update(bo, external_ids=ids).view["external_ids"] == ids


def test_the_name_cannot_be_cleared_not_even_of_a_merged_root(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    for _ in range(2):
        with pytest.raises(FieldsInvalid) as raised:
            acme.update(ann, paths=["name", "organization"], organization="x")
        assert [item.field for item in raised.value.fields] == ["customer.name"]
        if not acme.tree(ann).tree.edges:
            acme.merge(ann, bo)


def test_a_merged_id_reads_updates_and_takes_notes_for_its_root(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.note(bo, "before")
    acme.merge(ann, bo)
    assert (acme.get(bo).merged_from, acme.shown(bo)["customer_id"]) == (bo, ann)
    assert acme.update(bo, organization="Acme").customer_id == ann
    acme.note(bo, "after")
    acme.note(ann, "on the root")
    assert acme.notes(ann) == acme.notes(bo) == ["on the root", "after", "before"]
    assert acme.shown(bo.upper())["merged_customer_ids"] == [bo]


def test_a_batch_answers_in_the_order_asked_and_names_what_it_did_not_find(acme: Company, other: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    acme.merge(ann, bo)
    acme.delete(cy)
    foreign, unknown = other.create("Dee"), new_id()
    asked = [bo, unknown, ann, "no id", cy, foreign, bo, ""]
    with acme.transaction() as tx:
        found, missing = batch_get_customers(tx, asked)
    assert [(one.shown["customer_id"], one.merged_from) for one in found] == [(ann, bo), (ann, ""), (ann, bo)]
    assert missing == [unknown, "no id", cy, foreign, ""]


def test_a_delete_hides_the_whole_tree(acme: Company) -> None:
    ann, bo = acme.create("Ann", email="a@x.io"), acme.create("Bo")
    acme.merge(ann, bo)
    assert acme.delete(bo).customer_id == ann
    for customer_id in (ann, bo):
        with pytest.raises(CustomerNotFound):
            acme.get(customer_id)
        with pytest.raises(CustomerDeleted):
            acme.update(customer_id, name="New")
        with pytest.raises(CustomerDeleted):
            acme.note(customer_id)
    assert acme.value("SELECT count(*) FROM customer_keys") == 0


def test_deleting_twice_succeeds_and_changes_nothing(acme: Company) -> None:
    ann = acme.create("Ann")
    assert acme.delete(ann) == acme.delete(ann)


def test_a_delete_with_the_etag_of_before_a_merge_takes_nobody_along(acme: Company) -> None:
    ann, bo = (acme.creation(name=name).customer for name in ("Ann", "Bo"))
    acme.merge(ann.customer_id, bo.customer_id)
    for seen in (ann, bo):
        with pytest.raises(EtagMismatch):
            acme.delete(seen.customer_id, seen.etag)
    assert acme.delete(bo.customer_id).customer_id == ann.customer_id


def test_a_delete_with_an_old_etag_deletes_nothing(acme: Company) -> None:
    ann = acme.creation(name="Ann").customer
    acme.update(ann.customer_id, name="Anne")
    with pytest.raises(EtagMismatch):
        acme.delete(ann.customer_id, ann.etag)
    assert acme.shown(ann.customer_id)["name"] == "Anne"


@pytest.mark.parametrize("kind", ["unknown", "foreign", "garbage"])
def test_an_id_of_nobody_is_answered_the_same_whatever_it_is(acme: Company, other: Company, kind: str) -> None:
    asked = {"unknown": new_id(), "foreign": other.create("Ann"), "garbage": "'; --\x00"}[kind]
    for call in (acme.get, acme.update, acme.delete, acme.note, acme.notes):
        with pytest.raises(CustomerNotFound) as raised:
            call(asked)
        assert (raised.value.message, raised.value.metadata) == (
            "There is no customer with this id.",
            {"customer_id": asked},
        )
    with pytest.raises(CustomerNotFound):
        acme.merge(acme.create("Bo"), asked)


def test_an_edit_wins_even_where_the_clock_was_set_back(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.merge(ann, bo, rules=[("name", "SOURCE_WINS")])
    with acme.admin() as connection:  # as if the merge had been made when the clock was an hour ahead
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE merge_edges SET merged_at = merged_at + interval '1 hour'")
    assert acme.update(ann, name="New").view["name"] == "New"
