"""The catalogues of the three databases: every table keeps companies apart, and every exception is named here."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.fixtures.databases import SERVICES, Databases

# Tables without a company: how far a follower is, which life of the database this is, and Alembic's own.
WITHOUT_COMPANY = {
    "customers": {"alembic_version", "database_epoch"},
    "matching": {"alembic_version", "follower_cursors", "feed_passes"},
    "analytics": {"alembic_version", "follower_cursors", "follower_passes"},
}
# Roles that read or clear away the rows of every company, by policies of their own; the runtime role is none of them.
ACROSS_COMPANIES = {"feed", "upkeep", "finder"}
# What the audit of customers does not record: it repeats an audited row, is history itself, or is nobody's data.
NOT_AUDITED = {
    "customer_keys": "follows from the view of an audited customer",
    "external_ids": "follows from the own record of an audited customer",
    "customer_labels": "follows from the view of an audited customer",
    "search_words": "follows from the names of audited customers",
    "merge_edges": "follows from an audited merge",
    "customer_views": "says how often a record was looked at, and changes none",
    "events": "is history, and append-only",
    "feed": "is sent on and expires",
    "idempotent_requests": "is forgotten after a day",
}

TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'company_id')
FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""
POLICIES = """
SELECT tablename, policyname, roles::text[], coalesce(qual, ''), coalesce(with_check, ''), permissive, cmd
FROM pg_policies WHERE schemaname = 'public'
"""
DEFINERS = """
SELECT p.proname, coalesce(p.proconfig, '{}'), r.rolname,
       EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0)
FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
"""
PRIVILEGES = """
SELECT c.relname, CASE WHEN g.grantee = 0 THEN 'public' ELSE r.rolname END, g.privilege_type
FROM pg_class c
CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
LEFT JOIN pg_roles r ON r.oid = g.grantee
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner
"""
AUDITED = """
SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgname = 'audit' AND t.tgtype & 29 = 29  -- for each row, on insert, update and delete
"""
OWN_COMPANY = "(company_id = ( SELECT app_company() AS app_company))"

each_service = pytest.mark.parametrize("service", SERVICES)


@contextmanager
def catalogue(databases: Databases, service: str) -> Iterator[psycopg.Connection]:
    database = databases.of_service(service)
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        yield connection
    databases.leave(database.name)


@each_service
def test_every_table_forces_row_security_or_has_no_company(databases: Databases, service: str) -> None:
    with catalogue(databases, service) as connection:
        tables = connection.execute(TABLES).fetchall()
    assert {name for name, _, has_company in tables if not has_company} == WITHOUT_COMPANY[service]
    assert [name for name, forced, has_company in tables if has_company and not forced] == []


@each_service
def test_the_runtime_role_sees_and_writes_rows_of_its_company_alone(databases: Databases, service: str) -> None:
    with catalogue(databases, service) as connection:
        tables = {name for name, _, has_company in connection.execute(TABLES) if has_company}
        policies = connection.execute(POLICIES).fetchall()
    of_runtime = {policy[0]: policy for policy in policies if f"{service}_runtime" in policy[2]}
    assert of_runtime.keys() == tables
    for _, name, _, shows, takes, permissive, command in of_runtime.values():
        assert (name, permissive, command) == ("company", "PERMISSIVE", "ALL")
        assert (shows, takes) == (OWN_COMPANY, OWN_COMPANY)


@each_service
def test_only_roles_made_for_it_cross_companies(databases: Databases, service: str) -> None:
    crossing = {f"{service}_{role}" for role in ACROSS_COMPANIES}
    with catalogue(databases, service) as connection:
        policies = connection.execute(POLICIES).fetchall()
    assert [policy for policy in policies if policy[3] != OWN_COMPANY and not set(policy[2]) <= crossing] == []


@each_service
def test_functions_with_the_rights_of_their_owner_have_a_fixed_path_and_are_not_for_everyone(
    databases: Databases, service: str
) -> None:
    with catalogue(databases, service) as connection:
        functions = connection.execute(DEFINERS).fetchall()
    for name, settings, owner, for_everyone in functions:
        [path] = [setting for setting in settings if setting.startswith("search_path=")]
        assert path.startswith("search_path=pg_catalog"), name
        assert path.endswith("pg_temp"), name
        assert owner in {f"{service}_owner", f"{service}_finder"}, name
        assert not for_everyone, name


@each_service
def test_tables_are_open_to_the_roles_of_the_service_only(databases: Databases, service: str) -> None:
    roles = {f"{service}_{role}" for role in ("runtime", *ACROSS_COMPANIES)}
    with catalogue(databases, service) as connection:
        granted = connection.execute(PRIVILEGES).fetchall()
    assert {role for _, role, _ in granted} <= roles
    assert {kind for _, _, kind in granted} <= {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_history_of_customers_can_be_added_to_and_never_changed(databases: Databases) -> None:
    with catalogue(databases, "customers") as connection:
        granted = connection.execute(PRIVILEGES).fetchall()
    assert {kind for table, _, kind in granted if table == "events"} == {"SELECT", "INSERT"}
    assert {kind for table, _, kind in granted if table == "audit_log"} == {"SELECT"}


def test_the_audit_records_every_table_of_customers_that_the_service_writes(databases: Databases) -> None:
    with catalogue(databases, "customers") as connection:
        audited = {name for (name,) in connection.execute(AUDITED)}
        granted = connection.execute(PRIVILEGES).fetchall()
    written = {table for table, role, kind in granted if role == "customers_runtime" and kind != "SELECT"}
    assert written == audited | NOT_AUDITED.keys()
    assert audited.isdisjoint(NOT_AUDITED)
