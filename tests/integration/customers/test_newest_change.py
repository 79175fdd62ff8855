"""A token of now covers every committed change, and followers of a quiet feed have met it before it is asked for."""

from collections.abc import Iterator

import psycopg
import pytest

from services.customers.operations.create_customer import create_customer
from services.customers.operations.get_company import get_company
from services.runtime.database import Database, TenantScope
from services.runtime.freshness import ChangeToken
from tests.fixtures.databases import ServiceDatabase
from tests.integration.customers.feed_setup import Writer, feed_of

EPOCH = "the epoch of the test"


@pytest.fixture
def runtime(customers_database: ServiceDatabase) -> Iterator[Database]:
    database = Database(customers_database.runtime_url, application_name="runtime")
    database.epoch = EPOCH
    yield database
    database.close()


def create(runtime: Database, company_id: str = "acme") -> ChangeToken:
    with runtime.transaction(TenantScope(company_id)) as tx:
        return create_customer(tx, {"name": "Ada"}, "ALLOW").token


def now(runtime: Database, company_id: str = "acme") -> ChangeToken:
    with runtime.transaction(TenantScope(company_id), read_only=True) as tx:
        return get_company(tx)[1]


def test_a_token_of_now_is_that_of_the_newest_committed_write_of_all_companies(
    customers_database: ServiceDatabase, runtime: Database
) -> None:
    tokens = [create(runtime), create(runtime, "other")]
    still_open = Writer(customers_database)
    still_open.write(1)
    assert [now(runtime), now(runtime, "other"), now(runtime, "new")] == [tokens[-1]] * 3
    still_open.roll_back()


def test_what_others_write_anywhere_on_the_server_delays_no_token_of_now(
    customers_database: ServiceDatabase, runtime: Database
) -> None:
    create(runtime)
    with feed_of(customers_database) as feed:
        heard = next(batch.horizon for batch in feed.stream() if batch.snapshot_done)
        with psycopg.connect(customers_database.admin_url, autocommit=True) as elsewhere:
            elsewhere.execute("SELECT pg_current_xact_id()")
        assert now(runtime).xid < heard


def test_before_the_first_change_everybody_has_met_a_token_of_now(runtime: Database) -> None:
    assert now(runtime) == ChangeToken(EPOCH, 0)


def test_without_a_company_nobody_is_told_of_the_newest_change(runtime: Database) -> None:
    with runtime.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT newest_change()")
