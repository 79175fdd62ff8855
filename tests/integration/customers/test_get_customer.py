"""One customer by id: its root's view in one round trip, of the caller's company alone."""

import uuid

import psycopg
import pytest

from services.customers.domain.failures import CustomerNotFound
from services.customers.operations.get_customer import batch_get_customers, get_customer
from services.runtime.database import Database, TenantScope
from services.runtime.failures import FieldsInvalid
from tests.fixtures.databases import ServiceDatabase
from tests.integration.customers.company import Company


def test_a_customer_is_shown_as_it_was_stored(acme: Company) -> None:
    created = acme.creation(name="Zoë", email="zoe@x.io", metadata={"floor": 3}).customer
    found = acme.get(created.customer_id.upper())
    assert found.shown == created.shown
    assert found.merged_from == ""


def test_a_merged_customer_answers_with_its_root_and_says_so(acme: Company) -> None:
    root, merged, below = (acme.create(name) for name in ("Root", "Merged", "Below"))
    acme.merge(merged, below)
    acme.merge(root, merged)
    for customer_id in (merged, below):
        found = acme.get(customer_id)
        assert (found.shown["customer_id"], found.merged_from) == (root, customer_id)


def test_a_deleted_customer_is_not_found_nor_is_what_was_merged_into_it(acme: Company) -> None:
    root, merged = acme.create("Root"), acme.create("Merged")
    acme.merge(root, merged)
    acme.delete(root)
    for customer_id in (root, merged):
        with pytest.raises(CustomerNotFound):
            acme.get(customer_id)


def test_another_companys_id_answers_as_one_that_is_not_there(acme: Company, other: Company) -> None:
    theirs = other.create("Theirs")
    for customer_id in (theirs, str(uuid.uuid4()), "no id", "' OR true --"):
        with pytest.raises(CustomerNotFound, match="no customer with this id"):
            acme.get(customer_id)
    assert other.get(theirs).shown["name"] == "Theirs"


def test_without_a_company_nothing_is_read_even_on_a_connection_that_had_one(
    acme: Company, customers_database: ServiceDatabase
) -> None:
    customer_id = acme.create("Ann")
    database = Database(customers_database.runtime_url, application_name="one", max_size=1)
    for _ in range(2):
        assert get_customer(database.reader(TenantScope("acme")), customer_id).shown["name"] == "Ann"
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"app\.company_id is not set"):
            get_customer(database.reader(TenantScope("")), customer_id)
        with database.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT shown_customer(%s)", (customer_id,))
    database.close()


def test_one_read_and_a_batch_show_the_same(acme: Company) -> None:
    ids = [acme.create("Ann", email="ann@x.io"), acme.create("Bob", phone="+12025550100")]
    with acme.transaction() as tx:
        found, missing = batch_get_customers(tx, [*ids, str(uuid.uuid4())])
    assert found == [acme.get(customer_id) for customer_id in ids]
    assert len(missing) == 1


def test_an_id_is_required(acme: Company) -> None:
    with pytest.raises(FieldsInvalid):
        acme.get("")
