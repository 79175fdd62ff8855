"""Single reads: one round trip for one company, and connections that died while they lay in the pool."""

from collections.abc import Callable

import psycopg
import pytest

from services.runtime.database import Database, TenantScope
from services.runtime.failures import DatabaseUnavailable
from tests.integration.runtime.conftest import Probe
from tests.integration.runtime.test_database import add, away, kill_all, patient

__all__ = ["patient"]

COUNT = "SELECT count(*) FROM things"
SHOWN = "concat(current_setting('app.company_id'), ' ', %s::text)"
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, 'concat(current_setting') > 0"


def test_a_reader_sees_the_rows_of_its_company_only(database: Database) -> None:
    add(database, "o'brien\\", "anvil")
    add(database, "globex", "laser")
    of = database.reader(TenantScope("o'brien\\"))
    assert of.value("SELECT name FROM things") == "anvil"
    assert of.value("SELECT name FROM things WHERE name = %s", ("laser",)) is None
    assert of.value("SELECT NULL") is None


def test_values_are_literals_whatever_they_hold(database: Database) -> None:
    of = database.reader(TenantScope("acme"))
    for text in ("it's", "back\\slash", "'; DROP TABLE things; --", "100 %s", "ü"):
        assert of.value("SELECT %s::text", (text,)) == text


def test_the_company_of_a_reader_ends_with_its_read(open_database: Callable[..., Database]) -> None:
    database = open_database(max_size=1)
    add(database, "acme", "anvil")
    assert database.reader(TenantScope("acme")).value(COUNT) == "1"
    with database.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(COUNT)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.reader(TenantScope("")).value(COUNT)
    assert database.reader(TenantScope("acme")).value(COUNT) == "1"


def test_a_failed_read_leaves_a_clean_connection(open_database: Callable[..., Database]) -> None:
    of = open_database(max_size=1).reader(TenantScope("acme"))
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            of.value("SELECT 1 / 0")
    assert of.value("SELECT 1") == "1"


@pytest.mark.usefixtures("patient")
def test_a_connection_that_was_killed_in_the_pool_is_replaced_silently(
    open_database: Callable[..., Database], probe: Probe
) -> None:
    of = open_database(min_size=1, max_size=1).reader(TenantScope("acme"))
    assert of.value("SELECT 1") == "1"
    kill_all(probe)
    assert of.value("SELECT 1") == "1"


def test_a_database_that_is_away_is_a_failure_to_repeat(open_database: Callable[..., Database], probe: Probe) -> None:
    of = open_database(min_size=1, max_size=1).reader(TenantScope("acme"))
    with away(probe), pytest.raises(DatabaseUnavailable):
        of.value("SELECT 1")


def test_a_call_is_made_for_the_company_of_its_reader_and_prepared_once(open_database: Callable[..., Database]) -> None:
    database = open_database(min_size=1, max_size=1)
    for company in ("acme", "o'brien\\", "acme"):
        for text in ("it's", "back\\slash", "'; DROP TABLE things; --", "100 %s", "$1", "ü"):
            assert database.reader(TenantScope(company)).call(SHOWN, (text,)) == f"{company} {text}"
    assert database.reader(TenantScope("acme")).value(PREPARED) == "1"


def test_the_company_of_a_call_ends_with_it(open_database: Callable[..., Database]) -> None:
    database = open_database(min_size=1, max_size=1)
    add(database, "acme", "anvil")
    assert database.reader(TenantScope("acme")).call("app_company()") == "acme"
    with database.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(COUNT)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.reader(TenantScope("")).call("app_company()")
    assert database.reader(TenantScope("acme")).call("app_company()") == "acme"


def test_a_call_whose_statement_was_dropped_is_prepared_anew(open_database: Callable[..., Database]) -> None:
    database = open_database(min_size=1, max_size=1)
    of = database.reader(TenantScope("acme"))
    assert of.call(SHOWN, ("one",)) == "acme one"
    with database.connection() as connection:
        connection.execute("DEALLOCATE ALL")
    assert of.call(SHOWN, ("two",)) == "acme two"
    assert of.value(PREPARED) == "1"


def test_a_failed_call_leaves_a_clean_connection(open_database: Callable[..., Database]) -> None:
    of = open_database(min_size=1, max_size=1).reader(TenantScope("acme"))
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            of.call("div(1, %s::integer)", ("0",))
    assert of.call("div(7, %s::integer)", ("2",)) == "3"


@pytest.mark.usefixtures("patient")
def test_a_call_on_a_connection_that_was_killed_is_made_on_another(
    open_database: Callable[..., Database], probe: Probe
) -> None:
    of = open_database(min_size=1, max_size=1).reader(TenantScope("acme"))
    assert of.call(SHOWN, ("one",)) == "acme one"
    kill_all(probe)
    assert of.call(SHOWN, ("two",)) == "acme two"


def test_a_transaction_makes_the_same_calls(database: Database) -> None:
    with database.transaction(TenantScope("acme"), read_only=True) as tx:
        assert tx.call(SHOWN, ("one",)) == "acme one"
