"""A company's rows are out of reach for every other one, whatever statement asks."""

from collections.abc import Iterator

import psycopg
import pytest

from services.runtime.database import Database, TenantScope
from tests.fixtures.databases import ServiceDatabase
from tests.integration.analytics.shop import Shop, sale

WITH_COMPANY = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id'
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""


@pytest.fixture
def owner(analytics_database: ServiceDatabase) -> Iterator[psycopg.Connection]:
    with psycopg.connect(analytics_database.owner_url, autocommit=True) as connection:
        yield connection


def test_each_table_shows_only_the_rows_of_the_company(
    shop: Shop, database: Database, owner: psycopg.Connection
) -> None:
    shop.settings("UTC")
    shop.sell(sale(shop.customer()))
    tables = {name for (name,) in owner.execute(WITH_COMPANY)}
    assert {"sales", "sale_lines", "customers_mirror", "origin_figures", "root_figures"} <= tables
    for company_id, seen in (("acme", {0, 1}), ("other", {0})):
        with database.transaction(TenantScope(company_id)) as tx:
            assert {tx.value(f"SELECT count(*) FROM {name}") for name in tables} == seen


def test_a_statement_without_a_company_is_refused_on_a_connection_that_had_one(shop: Shop) -> None:
    shop.customer()
    with pytest.raises(psycopg.errors.InsufficientPrivilege), shop.database.connection() as connection:
        connection.execute("SELECT count(*) FROM customers_mirror").fetchone()


def test_a_row_of_another_company_cannot_be_written(shop: Shop) -> None:
    statement = "INSERT INTO company_totals VALUES ('other', 'KES', 0, 1, 1)"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), shop.database.transaction(shop.scope) as tx:
        tx.execute(statement)


def test_the_one_function_across_companies_tells_ids_and_only_to_the_service(
    shop: Shop, database: Database, owner: psycopg.Connection, analytics_database: ServiceDatabase
) -> None:
    shop.customer()
    Shop(database, "other").customer()
    with database.connection() as connection:
        found = connection.execute("SELECT companies_with_unseen(2)").fetchall()
    assert found == [("acme",), ("other",)]
    with psycopg.connect(analytics_database.feed_url) as feed, pytest.raises(psycopg.errors.InsufficientPrivilege):
        feed.execute("SELECT companies_with_unseen(2)")
