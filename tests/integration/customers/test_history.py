"""Timeline and audit log: written with each change, by whom and from where, and never changed."""

from typing import Any

import psycopg
import pytest

from services.runtime.failures import FieldsInvalid
from tests.integration.customers.company import Company

AUDITED = "SELECT table_name, action, actor, actor_name, peer, request_id FROM audit_log ORDER BY audit_id"
EVENTS = "SELECT type, data, actor, origin_customer_id::text AS customer_id FROM events ORDER BY event_id"


def refused(connection: psycopg.Connection[Any], statement: str, error: type[psycopg.Error], text: str) -> None:
    with pytest.raises(error, match=text):
        connection.execute(statement)
    connection.rollback()


def test_every_change_is_on_the_timeline_with_who_made_it(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.update(ann, lifecycle_stage="LEAD")
    acme.note(bo)
    merge = acme.merge(ann, bo).merge
    acme.undo(merge.merge_id)
    acme.delete(bo)
    events = acme.rows(EVENTS)
    assert {event["actor"] for event in events} == {"ann"}
    assert [event["type"] for event in events if event["customer_id"] == ann] == [
        "created",
        "stage_changed",
        "merged",
        "merge_undone",
    ]
    assert [event["type"] for event in events if event["customer_id"] == bo] == [
        "created",
        "note_added",
        "merged",
        "merge_undone",
        "deleted",
    ]
    assert events[2]["data"] == {"from": "PROSPECT", "to": "LEAD"}


def test_the_audit_log_says_what_was_and_is_who_changed_it_and_from_where(acme: Company) -> None:
    ann = acme.create("Ann")
    acme.update(ann, name="Anne")
    [created, updated] = acme.rows("SELECT * FROM audit_log ORDER BY audit_id")
    assert (created["action"], created["old_values"]) == ("INSERT", None)
    assert (updated["action"], updated["table_name"], updated["record_id"]) == ("UPDATE", "customers", ann)
    assert updated["old_values"]["own"]["fields"]["name"] == "Ann"
    assert updated["new_values"]["own"]["fields"]["name"] == "Anne"
    assert [updated[name] for name in ("actor", "actor_name", "peer", "request_id")] == [
        "ann",
        "Ann",
        "10.0.0.7",
        "call-1",
    ]


def test_merges_and_notes_are_audited_too(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.note(ann)
    acme.undo(acme.merge(ann, bo).merge.merge_id)
    found = [(row["table_name"], row["action"]) for row in acme.rows(AUDITED)]
    assert found.count(("notes", "INSERT")) == 1
    assert [action for table, action in found if table == "merges"] == ["INSERT", "UPDATE"]


@pytest.mark.parametrize("table", ["audit_log", "events"])
def test_what_was_written_down_is_never_changed_not_even_by_the_owner(acme: Company, table: str) -> None:
    acme.create("Ann")
    for statement in (f"UPDATE {table} SET actor = 'bo'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with acme.owner() as connection:
            connection.execute("SELECT set_config('app.company_id', 'acme', false)")
            refused(connection, statement, psycopg.errors.RaiseException, "append-only")
        with psycopg.connect(acme.urls.runtime_url, autocommit=True) as connection:
            connection.execute("SELECT set_config('app.company_id', 'acme', false)")
            refused(connection, statement, psycopg.errors.InsufficientPrivilege, "permission denied")
    assert acme.value(f"SELECT count(*) FROM {table}") == 1


def test_only_the_trigger_writes_the_audit_log(acme: Company) -> None:
    with psycopg.connect(acme.urls.runtime_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.company_id', 'acme', false)")
        statement = """
            INSERT INTO audit_log (company_id, table_name, record_id, action, actor, actor_name, peer, request_id)
            VALUES ('acme', 'customers', 'x', 'INSERT', 'eve', '', '', '')
        """
        refused(connection, statement, psycopg.errors.InsufficientPrivilege, "audit_log")


@pytest.mark.parametrize("table", ["customers", "notes", "merges", "companies", "customer_keys", "child_tallies"])
def test_the_service_deletes_no_record(acme: Company, table: str) -> None:
    with psycopg.connect(acme.urls.runtime_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.company_id', 'acme', false)")
        for statement in (f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"):
            refused(connection, statement, psycopg.errors.InsufficientPrivilege, table)
        if table != "customer_keys":
            refused(connection, f"DELETE FROM {table}", psycopg.errors.InsufficientPrivilege, table)


def test_a_company_sees_and_writes_no_row_of_another(acme: Company, other: Company) -> None:
    ann = acme.create("Ann", email="a@x.io", external_ids=[{"system": "s", "external_id": "1"}])
    acme.note(ann)
    acme.undo(acme.merge(ann, acme.create("Bo")).merge.merge_id)
    with other.transaction() as tx:
        tables = tx.rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        names = {row["relname"] for row in tables} - {"feed", "parked_changes", "search_texts"}
        assert names >= {"customers", "customer_keys", "external_ids", "notes", "events", "merges", "audit_log"}
        assert {name: tx.value(f"SELECT count(*) FROM {name}") for name in names} == dict.fromkeys(names, 0)
        assert tx.execute("UPDATE customers SET etag = 'x'").rowcount == 0
    statement = "INSERT INTO companies (company_id) VALUES ('acme')"
    with psycopg.connect(acme.urls.runtime_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.company_id', 'other', false)")
        refused(connection, statement, psycopg.errors.InsufficientPrivilege, "row-level security")
        refused(connection, "SELECT FROM search_texts", psycopg.errors.InsufficientPrivilege, "search_texts")


def test_every_table_with_a_company_is_kept_apart(acme: Company) -> None:
    with acme.admin() as connection:
        open_tables = connection.execute(
            """
            SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
               AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'company_id')
            """
        ).fetchall()
    assert open_tables == []


def test_a_note_needs_words(acme: Company) -> None:
    ann = acme.create("Ann")
    for content in ("", "  \n", "x" * 2001, "a\x00b"):
        with pytest.raises(FieldsInvalid) as raised:
            acme.note(ann, content)
        assert [item.field for item in raised.value.fields] == ["note.content"]
