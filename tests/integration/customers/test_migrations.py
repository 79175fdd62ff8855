"""A migration of customers runs on tables that are filled, wholly or not at all."""

from collections.abc import Iterator

import psycopg
import pytest

from services.customers.operations.create_customer import create_customer
from services.customers.operations.update_preferences import update_preferences
from services.local import migrate
from services.local.failures import DatabaseRefusedError
from services.local.postgres import Postgres
from services.runtime import migration, provision
from services.runtime.database import Database, TenantScope
from tests.fixtures.databases import Databases, ServiceDatabase

TABLE = "SELECT pg_relation_filenode('customers')"
CONSENTS = "SELECT view ->> 'name', consents FROM customers ORDER BY 1"
HISTORY = "SELECT (SELECT count(*) FROM audit_log), (SELECT count(*) FROM feed), (SELECT count(*) FROM events)"
LEFT_OVER = "SELECT count(*) FROM pg_proc WHERE proname = 'customer_consents'"


@pytest.fixture
def before_consents(databases: Databases, postgres: Postgres) -> Iterator[ServiceDatabase]:
    """A database of the revision before that of consents, with two customers of whom one answered."""
    name = databases.empty()
    provision.provision(postgres.admin_url(), "customers", database=name)
    found = databases.describe("customers", name)
    migration.upgrade("customers", found.owner_url, "0009")
    database = Database(found.runtime_url, application_name="runtime")
    database.epoch = "the epoch of the test"
    answer(database, create(database, "Ada"), False)
    create(database, "Bob")
    database.close()
    yield found
    databases.leave(name)


def create(database: Database, name: str) -> str:
    with database.transaction(TenantScope("acme")) as tx:
        return create_customer(tx, {"name": name}, "ALLOW").customer.customer_id


def answer(database: Database, customer_id: str, said: bool) -> None:
    with database.transaction(TenantScope("acme")) as tx:
        update_preferences(tx, customer_id, {"can_receive_offers": said}, ["can_receive_offers"], "")


def rows(database: ServiceDatabase, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.admin_url) as admin:
        return admin.execute(sql.encode()).fetchall()


def test_answers_of_customers_who_are_there_are_counted_and_their_table_is_not_written_anew(
    before_consents: ServiceDatabase,
) -> None:
    table, history = rows(before_consents, TABLE), rows(before_consents, HISTORY)
    migration.upgrade("customers", before_consents.owner_url)
    assert rows(before_consents, TABLE) == table
    assert rows(before_consents, CONSENTS) == [("Ada", 4), ("Bob", 0)]
    assert rows(before_consents, HISTORY) == history


def test_answers_are_counted_on_after_the_migration(before_consents: ServiceDatabase) -> None:
    migration.upgrade("customers", before_consents.owner_url)
    runtime = Database(before_consents.runtime_url, application_name="runtime")
    runtime.epoch = "the epoch of the test"
    answer(runtime, create(runtime, "Cem"), True)
    with runtime.transaction(TenantScope("acme")) as tx:
        assert tx.value("SELECT consents FROM customers WHERE view ->> 'name' = 'Cem'") == 8
    with runtime.transaction(TenantScope("other")) as tx:
        assert tx.value("SELECT count(*) FROM customers") == 0
    runtime.close()


def test_a_migration_that_a_reader_holds_up_leaves_nothing_behind_and_is_done_by_the_next_one(
    before_consents: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "_LOCK_TIMEOUT_MS", 100)
    with psycopg.connect(before_consents.admin_url) as reader:
        reader.execute("SELECT FROM customers")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migration.upgrade("customers", before_consents.owner_url)
    assert migration.current(before_consents.owner_url) == "0009"
    assert rows(before_consents, LEFT_OVER) == [(0,)]
    newest = migration.newest("customers")
    assert migration.upgrade("customers", before_consents.owner_url) == newest


def test_a_migration_that_takes_longer_than_its_statements_may_says_how_to_give_it_longer(
    before_consents: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "_LOCK_TIMEOUT_MS", 60_000)
    monkeypatch.setattr(provision, "provision", lambda *_, **__: None)
    monkeypatch.setattr(provision, "role_url", lambda *_, **__: before_consents.owner_url)
    with psycopg.connect(before_consents.admin_url) as reader:
        reader.execute("SELECT FROM customers")
        with pytest.raises(DatabaseRefusedError, match=r"took more than 0\.2 s; nothing .* --statement-limit"):
            migrate.migrate_one("", "customers", "", 0.2)
    assert migrate.migrate_one("", "customers", "") == migration.newest("customers")
